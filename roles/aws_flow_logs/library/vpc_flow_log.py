#!/usr/bin/python
"""Ansible module: the record of what enters and leaves a VPC, in a bucket or in a log group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: vpc_flow_log
short_description: Make the flow log of a VPC, and the log group that it may go to, and hold both to their settings
description:
  - No collection that we pin has flow logs. That of amazon.aws for log groups changes their retention in a preview.
  - AWS cannot change a flow log but for its tags. One that goes elsewhere is replaced by another; what it has
    written stays.
  - For a bucket AWS writes a policy of its own over that of the bucket. The policy that was there is put back, so it
    must already let the service deliver.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Tag Name of the flow log, by which it is found with the VPC.
    type: str
    required: true
  vpc_id:
    description: The VPC. Not needed to remove the flow log.
    type: str
  bucket:
    description: Name of the bucket that is written to.
    type: str
  log_group:
    description: Name of the log group that is written to, made when absent. Named with C(absent), it goes too.
    type: str
  retention_days:
    description: Days that the log group keeps.
    type: int
    default: 90
  role_arn:
    description: Role with which AWS writes to the log group.
    type: str
  tags:
    description: Tags of flow log and log group; others are left alone.
    type: dict
    default: {}
  state:
    description: What is wanted. C(absent) leaves what was written to a bucket.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Record what enters and leaves
  vpc_flow_log:
    name: enssol-production
    vpc_id: vpc-0123456789abcdef0
    bucket: enssol-production-logs-123456789012
    tags: {Project: enssol}
"""

RETURN = """
settings:
  description: What was missing or differed, of log group, flow log and tags.
  type: list
  elements: str
  returned: always
"""

Client = Any


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def flow_log_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The flow log as EC2 says it."""
    every = {"TrafficType": "ALL", "MaxAggregationInterval": 600}
    if params["bucket"]:
        return {**every, "LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{params['bucket']}"}
    return {
        **every,
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": params["log_group"],
        "DeliverLogsPermissionArn": params["role_arn"],
    }


def standing(ec2: Client, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Flow logs that are ours by their name or, where tags were taken off, by where they go."""
    wanted = flow_log_of(params) if params["vpc_id"] else {}
    filters = [{"Name": "resource-id", "Values": [params["vpc_id"]]}] if params["vpc_id"] else []
    found = []
    for page in ec2.get_paginator("describe_flow_logs").paginate(Filter=filters):
        for one in page["FlowLogs"]:
            named = {"Key": "Name", "Value": params["name"]} in one.get("Tags", [])
            # The two that name a destination.
            if named or any(one.get(field, "") == wanted.get(field) for field in ("LogDestination", "LogGroupName")):
                found.append(one)
    return found


def group_of(logs: Client, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """Retention and tags, of those asked for, of the log group; empty when there is none."""
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                # A resource's ARN has no star at its end, as that of a group has.
                told = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
                kept = {field: told[field] for field in tags if field in told}
                return {"arn": group["arn"].removesuffix(":*"), "days": group.get("retentionInDays"), "tags": kept}
    return {}


def hold_group(logs: Client, params: Mapping[str, Any], tags: dict[str, str], dry: bool) -> dict[str, Any]:
    """Hold the log group, and return what it was and what it is to be when the two differ."""
    name, found = params["log_group"], group_of(logs, params["log_group"], tags)
    wanted = {"days": params["retention_days"], "tags": tags}
    before = {field: found.get(field) for field in wanted}
    if before == wanted:
        return {}
    if not dry and not found:
        logs.create_log_group(logGroupName=name, tags=tags)
    elif not dry and before["tags"] != tags:
        logs.tag_resource(resourceArn=found["arn"], tags=tags)
    if not dry and before["days"] != wanted["days"]:
        logs.put_retention_policy(logGroupName=name, retentionInDays=wanted["days"])
    return {"before": before if found else None, "after": wanted}


def make(ec2: Client, s3: Client, params: Mapping[str, Any], tags: dict[str, str]) -> None:
    """Make the flow log; a bucket has its own policy again afterwards.

    Raises RuntimeError when EC2 does not make it, which it says in an answer that is no error.
    """
    policy = s3.get_bucket_policy(Bucket=params["bucket"])["Policy"] if params["bucket"] else ""
    done = ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[params["vpc_id"]],
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": pairs(tags)}],
        **flow_log_of(params),
    )
    if policy and json.loads(s3.get_bucket_policy(Bucket=params["bucket"])["Policy"]) != json.loads(policy):
        s3.put_bucket_policy(Bucket=params["bucket"], Policy=policy)
    for refused in done.get("Unsuccessful", []):
        raise RuntimeError(refused["Error"]["Message"])


def hold(ec2: Client, logs: Client, s3: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    wanted = flow_log_of(params)
    tags = {**{name: str(value) for name, value in params["tags"].items()}, "Name": params["name"]}
    found = standing(ec2, params)
    right = [one for one in found if {field: one.get(field) for field in wanted} == wanted][:1]
    others = [one["FlowLogId"] for one in found if one not in right]
    carried = {tag["Key"]: tag["Value"] for one in right for tag in one.get("Tags", []) if tag["Key"] in tags}
    group = {} if params["bucket"] else hold_group(logs, params, tags, dry)
    differing = {"log_group": bool(group), "flow_log": not right or bool(others), "tags": carried != tags}
    if not dry:
        if others:
            ec2.delete_flow_logs(FlowLogIds=others)
        if not right:
            make(ec2, s3, params, tags)
        elif carried != tags:
            ec2.create_tags(Resources=[right[0]["FlowLogId"]], Tags=pairs(tags))
    settings = [name for name, differs in differing.items() if differs]
    before = {"flow_logs": [{field: one.get(field) for field in wanted} for one in found], "tags": carried}
    after = {"flow_logs": [wanted], "tags": tags}
    return {
        "changed": bool(settings),
        "settings": settings,
        "diff": {
            "before": {**before, "log_group": group.get("before")} if settings else {},
            "after": {**after, "log_group": group.get("after")} if settings else {},
        },
    }


def remove(ec2: Client, logs: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Remove the flow log, and the log group if it is named, unless `dry`."""
    found = [one["FlowLogId"] for one in standing(ec2, {**params, "vpc_id": None})]
    group = group_of(logs, params["log_group"], {}) if params["log_group"] else {}
    if found and not dry:
        ec2.delete_flow_logs(FlowLogIds=found)
    if group and not dry:
        logs.delete_log_group(logGroupName=params["log_group"])
    settings = [*(["flow_log"] if found else []), *(["log_group"] if group else [])]
    return {"changed": bool(settings), "settings": settings}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str"},
            "bucket": {"type": "str"},
            "log_group": {"type": "str"},
            "retention_days": {"type": "int", "default": 90},
            "role_arn": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("vpc_id",)), ("state", "present", ("bucket", "log_group"), True)],
        mutually_exclusive=[("bucket", "log_group")],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        ec2, logs = boto3.client("ec2"), boto3.client("logs")
        if module.params["state"] == "present":
            result = hold(ec2, logs, boto3.client("s3"), module.params, module.check_mode)
        else:
            result = remove(ec2, logs, module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS refused to show or change the flow log {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
