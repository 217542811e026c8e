#!/usr/bin/python
"""Ansible module: an EC2 Instance Connect endpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_instance_connect_endpoint
short_description: Make or remove an EC2 Instance Connect endpoint
description:
  - No collection knows these endpoints. One of them lets whoever IAM allows open a tunnel to port 22 of the VPC's
    instances, which need no open port to the world for it.
  - It is found again by its tags Name, Project and Environment. AWS allows one in a VPC; one that stands in another
    subnet than wanted is removed and made anew.
  - Hosts see connections come from the endpoint, not from the client, so that a rule for its group lets them in.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  subnet_id:
    description: Subnet that it stands in.
    type: str
  group_ids:
    description: Its security groups.
    type: list
    elements: str
  tags:
    description: Its tags. Name, Project and Environment are its identity; a tag not named here is left alone.
    type: dict
    required: true
  state:
    description: What is wanted.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds to wait until AWS has made or removed it.
    type: int
    default: 600
  interval:
    description: Seconds between two looks.
    type: int
    default: 10
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Let SSH in through an endpoint
  ec2_instance_connect_endpoint:
    subnet_id: subnet-0123456789abcdef0
    group_ids: [sg-0123456789abcdef0]
    tags: {Name: enssol-staging-ssh, Project: enssol, Environment: staging}
"""

RETURN = """
endpoint_id:
  description: Its id; empty when there is none.
  type: str
  returned: always
settings:
  description: What was missing or differed, of endpoint, subnet, groups, client_ip and tags.
  type: list
  elements: str
  returned: always
"""

Client = Any
GONE = {"delete-complete", "delete-in-progress", "delete-failed"}


def find(ec2: Client, tags: Mapping[str, str]) -> dict[str, Any]:
    """The endpoint with these tags that is there or on its way; empty when there is none."""
    identity = [{"Name": f"tag:{name}", "Values": [tags[name]]} for name in ("Name", "Project", "Environment")]
    standing: list[dict[str, Any]] = [
        one
        for one in ec2.describe_instance_connect_endpoints(Filters=identity)["InstanceConnectEndpoints"]
        if one["State"] not in GONE and one["State"] != "create-failed"
    ]
    return standing[0] if standing else {}


def wait(ec2: Client, endpoint: str, wanted: str, params: Mapping[str, Any]) -> None:
    """Look until the endpoint is in the state; raise TimeoutError or RuntimeError with what AWS says otherwise."""
    end = time.monotonic() + params["timeout"]
    while True:
        found = ec2.describe_instance_connect_endpoints(
            Filters=[{"Name": "instance-connect-endpoint-id", "Values": [endpoint]}]
        )["InstanceConnectEndpoints"]
        state = found[0]["State"] if found else "delete-complete"
        if state == wanted:
            return
        if state.endswith("failed"):
            raise RuntimeError(f"{endpoint} is {state}: {found[0].get('StateMessage', 'AWS does not say why')}")
        if time.monotonic() > end:
            raise TimeoutError(f"{endpoint} is still {state} after {params['timeout']} s. Run the same again.")
        time.sleep(params["interval"])


def make(ec2: Client, params: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Make it and return its id, once it serves."""
    made = ec2.create_instance_connect_endpoint(
        SubnetId=params["subnet_id"],
        SecurityGroupIds=params["group_ids"],
        PreserveClientIp=False,
        TagSpecifications=[
            {
                "ResourceType": "instance-connect-endpoint",
                "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
            }
        ],
    )
    endpoint = str(made["InstanceConnectEndpoint"]["InstanceConnectEndpointId"])
    wait(ec2, endpoint, "create-complete", params)
    return endpoint


def hold(ec2: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    tags = {name: str(value) for name, value in params["tags"].items()}
    found = find(ec2, tags)
    worn = {tag["Key"]: tag["Value"] for tag in found.get("Tags", []) if tag["Key"] in tags}
    before = {
        "endpoint": bool(found),
        "subnet": found.get("SubnetId"),
        "groups": sorted(found.get("SecurityGroupIds", [])),
        "client_ip": found.get("PreserveClientIp"),
        "tags": worn,
    }
    wanted = {
        "endpoint": True,
        "subnet": params["subnet_id"],
        "groups": sorted(params["group_ids"]),
        "client_ip": False,
        "tags": tags,
    }
    differing = [name for name in wanted if before[name] != wanted[name]]
    endpoint = str(found.get("InstanceConnectEndpointId", ""))
    if not dry and "subnet" in differing:
        if endpoint:
            ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=endpoint)
            wait(ec2, endpoint, "delete-complete", params)
        endpoint = make(ec2, params, tags)
    elif not dry and differing:
        if {"groups", "client_ip"} & set(differing):
            ec2.modify_instance_connect_endpoint(
                InstanceConnectEndpointId=endpoint, SecurityGroupIds=params["group_ids"], PreserveClientIp=False
            )
        if "tags" in differing:
            ec2.create_tags(Resources=[endpoint], Tags=[{"Key": name, "Value": tags[name]} for name in tags])
    return {
        "changed": bool(differing),
        "endpoint_id": endpoint,
        "settings": differing,
        "diff": {
            "before": {name: before[name] for name in differing},
            "after": {name: wanted[name] for name in differing},
        },
    }


def remove(ec2: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Remove it unless `dry`, and return the module's answer."""
    endpoint = find(ec2, params["tags"]).get("InstanceConnectEndpointId", "")
    if endpoint and not dry:
        ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=endpoint)
        # Its security group is free only then.
        wait(ec2, endpoint, "delete-complete", params)
    return {"changed": bool(endpoint), "endpoint_id": "", "settings": ["endpoint"] if endpoint else []}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "subnet_id": {"type": "str"},
            "group_ids": {"type": "list", "elements": "str"},
            "tags": {"type": "dict", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "timeout": {"type": "int", "default": 600},
            "interval": {"type": "int", "default": 10},
        },
        required_if=[("state", "present", ("subnet_id", "group_ids"))],
        supports_check_mode=True,
    )
    given = module.params
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        act = hold if given["state"] == "present" else remove
        result = act(boto3.client("ec2"), given, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EC2 refused to show, make or remove the Instance Connect endpoint: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
