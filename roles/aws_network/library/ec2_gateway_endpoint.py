#!/usr/bin/python
"""Ansible module: the gateway endpoint of a VPC, by which its route tables reach a service without the internet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_gateway_endpoint
short_description: Make a VPC's gateway endpoint and hold it to its route tables
description:
  - The module of amazon.aws knows an endpoint by its route tables. Once one of them is gone or new it makes a second
    endpoint beside the first, which AWS refuses.
  - A VPC needs one for each service. Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  service:
    description: Service that is reached, such as com.amazonaws.ap-southeast-2.s3.
    type: str
    required: true
  route_table_ids:
    description: Route tables that lead there, and no other.
    type: list
    elements: str
    required: true
  tags:
    description: Tags of the endpoint; others are left alone.
    type: dict
    default: {}
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Reach S3 without the internet
  ec2_gateway_endpoint:
    vpc_id: vpc-0123456789abcdef0
    service: com.amazonaws.ap-southeast-2.s3
    route_table_ids: [rtb-0123456789abcdef0]
    tags: {Project: enssol}
"""

RETURN = """
settings:
  description: What was missing or differed, of endpoint, route tables and tags.
  type: list
  elements: str
  returned: always
"""

Client = Any


def find(ec2: Client, params: Mapping[str, Any]) -> dict[str, Any]:
    """The standing endpoint; empty when there is none."""
    asked = {
        "vpc-id": params["vpc_id"],
        "service-name": params["service"],
        "vpc-endpoint-type": "Gateway",
        "vpc-endpoint-state": "available",
    }
    filters = [{"Name": name, "Values": [value]} for name, value in asked.items()]
    found: list[dict[str, Any]] = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    return found[0] if found else {}


def hold(ec2: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    standing, tables = find(ec2, params), sorted(params["route_table_ids"])
    tags = {name: str(value) for name, value in params["tags"].items()}
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    tagged = {tag["Key"]: tag["Value"] for tag in standing.get("Tags", []) if tag["Key"] in tags}
    before = {"endpoint": bool(standing), "route_tables": sorted(standing.get("RouteTableIds", [])), "tags": tagged}
    after = {"endpoint": True, "route_tables": tables, "tags": tags}
    differing = [name for name in after if before[name] != after[name]]
    if not dry and not standing:
        ec2.create_vpc_endpoint(
            VpcId=params["vpc_id"],
            ServiceName=params["service"],
            VpcEndpointType="Gateway",
            RouteTableIds=tables,
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": pairs}],
        )
    elif not dry:
        if "tags" in differing:
            ec2.create_tags(Resources=[standing["VpcEndpointId"]], Tags=pairs)
        if "route_tables" in differing:
            missing = [table for table in tables if table not in standing["RouteTableIds"]]
            others = [table for table in standing["RouteTableIds"] if table not in tables]
            ec2.modify_vpc_endpoint(
                VpcEndpointId=standing["VpcEndpointId"],
                **({"AddRouteTableIds": missing} if missing else {}),
                **({"RemoveRouteTableIds": others} if others else {}),
            )
    return {
        "changed": bool(differing),
        "settings": differing,
        "diff": {
            "before": {name: before[name] for name in differing},
            "after": {name: after[name] for name in differing},
        },
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "route_table_ids": {"type": "list", "elements": "str", "required": True},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("ec2"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EC2 refused to show or change the endpoint of {module.params['vpc_id']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
