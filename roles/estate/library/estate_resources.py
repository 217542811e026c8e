#!/usr/bin/python
"""Ansible module: what an account holds of an estate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: estate_resources
short_description: List what of an estate an account holds
description:
  - Asks each service itself. The Resource Groups Tagging API, which would be one call, goes on listing for hours what
    was deleted, and knows no IAM.
  - Buckets and encryption keys are not listed - they outlive an estate on purpose.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  tags:
    description: Tags that mark the estate.
    type: dict
    required: true
  role:
    description: Name of the instances' role and instance profile, of load balancer, target group and web ACL, of
      topic, plan and schedule, and first part of the names of other roles and of alarms; none can be searched by a tag.
    type: str
    required: true
  kept:
    description: Ids and addresses that are not the estate's own.
    type: list
    elements: str
    default: []
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Look for what is left
  estate_resources:
    tags: {Project: enssol, Environment: staging}
    role: enssol-staging
"""

RETURN = """
resources:
  description: Ids, or names where AWS has no ids.
  type: list
  elements: str
  returned: always
"""

# Call of EC2, and where the ids are in its answer.
EC2 = {
    "describe_instances": "Reservations[].Instances[?State.Name != 'terminated'][].InstanceId",
    "describe_volumes": "Volumes[].VolumeId",
    "describe_network_interfaces": "NetworkInterfaces[].NetworkInterfaceId",
    "describe_addresses": "Addresses[].PublicIp",
    "describe_nat_gateways": "NatGateways[?State != 'deleted'].NatGatewayId",
    "describe_instance_connect_endpoints": "InstanceConnectEndpoints[].InstanceConnectEndpointId",
    "describe_vpc_endpoints": "VpcEndpoints[?State != 'deleted'].VpcEndpointId",
    "describe_security_groups": "SecurityGroups[].GroupId",
    "describe_route_tables": "RouteTables[].RouteTableId",
    "describe_internet_gateways": "InternetGateways[].InternetGatewayId",
    "describe_subnets": "Subnets[].SubnetId",
    "describe_vpcs": "Vpcs[].VpcId",
    "describe_key_pairs": "KeyPairs[].KeyName",
}


def of_ec2(ec2: Any, tags: Mapping[str, str]) -> Iterator[str]:
    """What of EC2 carries the tags."""
    import jmespath  # noqa: PLC0415 - boto3 brings it, and a module says what it misses only if it is loaded without it

    filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
    for call, path in EC2.items():
        yield from jmespath.search(path, getattr(ec2, call)(Filters=filters))
    # The one that names it otherwise.
    yield from (one["FlowLogId"] for one in ec2.describe_flow_logs(Filter=filters)["FlowLogs"])


def of_iam(iam: Any, role: str) -> Iterator[str]:
    """The roles and the instance profile, when they are there; that of AWS Backup restores what outlives an estate."""
    wanted = [("get_instance_profile", "InstanceProfileName", role)]
    wanted += [("get_role", "RoleName", f"{role}{work}") for work in ("", "-flow-logs", "-shutdown")]
    for call, argument, name in wanted:
        try:
            getattr(iam, call)(**{argument: name})
        except iam.exceptions.NoSuchEntityException:
            continue
        yield f"{call.removeprefix('get_')} {name}"


def every(client: Any, call: str, field: str) -> Iterator[Any]:
    """What a call lists, over all its pages."""
    for page in client.get_paginator(call).paginate():
        yield from page[field]


def of_watch(boto3: Any, name: str) -> Iterator[str]:
    """What tells of an estate, takes snapshots of it and puts it to sleep."""
    alarms = [one["AlarmName"] for one in every(boto3.client("cloudwatch"), "describe_alarms", "MetricAlarms")]
    yield from (f"alarm {alarm}" for alarm in alarms if alarm.startswith(f"{name}-"))
    topics = [one["TopicArn"] for one in every(boto3.client("sns"), "list_topics", "Topics")]
    yield from (topic for topic in topics if topic.endswith(f":{name}"))
    plans = [one["BackupPlanName"] for one in every(boto3.client("backup"), "list_backup_plans", "BackupPlansList")]
    yield from (f"backup plan {plan}" for plan in plans if plan == name)
    schedules = [one["Name"] for one in every(boto3.client("scheduler"), "list_schedules", "Schedules")]
    yield from (f"schedule {schedule}" for schedule in schedules if schedule == name)


def of_rds(rds: Any, tags: Mapping[str, str]) -> Iterator[str]:
    """Databases that carry the tags; snapshots outlive an estate on purpose."""
    for page in rds.get_paginator("describe_db_instances").paginate():
        for one in page["DBInstances"]:
            carried = {tag["Key"]: tag["Value"] for tag in one.get("TagList", [])}
            if tags.items() <= carried.items():
                yield str(one["DBInstanceIdentifier"])


def of_balancers(elbv2: Any, name: str) -> Iterator[str]:
    """Load balancer and target group, found by the name that both have."""
    for call, field, missing in (
        ("describe_load_balancers", "LoadBalancers", elbv2.exceptions.LoadBalancerNotFoundException),
        ("describe_target_groups", "TargetGroups", elbv2.exceptions.TargetGroupNotFoundException),
    ):
        try:
            found = getattr(elbv2, call)(Names=[name])[field]
        except missing:
            continue
        yield from (one.get("LoadBalancerArn") if field == "LoadBalancers" else one["TargetGroupArn"] for one in found)


def of_edge(cloudfront: Any, wafv2: Any, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Distributions that carry the tags, and the web ACL of the name."""
    for page in cloudfront.get_paginator("list_distributions").paginate():
        for one in page["DistributionList"].get("Items", []):
            found = cloudfront.list_tags_for_resource(Resource=one["ARN"])["Tags"].get("Items", [])
            if tags.items() <= {tag["Key"]: tag["Value"] for tag in found}.items():
                yield one["Id"]
    acls = wafv2.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    yield from (acl["ARN"] for acl in acls if acl["Name"] == name)


def of_account(boto3: Any, tags: Mapping[str, str], name: str) -> Iterator[str]:
    """What of all services is the estate's."""
    yield from of_ec2(boto3.client("ec2"), tags)
    yield from of_iam(boto3.client("iam"), name)
    yield from of_watch(boto3, name)
    yield from of_rds(boto3.client("rds"), tags)
    yield from of_balancers(boto3.client("elbv2"), name)
    # CloudFront's firewall is kept there only.
    yield from of_edge(boto3.client("cloudfront"), boto3.client("wafv2", region_name="us-east-1"), name, tags)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "tags": {"type": "dict", "required": True},
            "role": {"type": "str", "required": True},
            "kept": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        found = [*of_account(boto3, given["tags"], given["role"])]
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS refused to show what is left: {error}")
    module.exit_json(changed=False, resources=[one for one in found if one not in given["kept"]])


if __name__ == "__main__":
    main()
