#!/usr/bin/python
"""Ansible module: how the private DNS names of instances launched into subnets are made."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_subnet_names
short_description: Let instances of subnets be named by their id
description:
  - amazon.aws has no option for it. An instance takes it from its subnet when it is launched; afterwards AWS changes
    the name of a stopped instance only.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  subnet_ids:
    description: Ids of the subnets.
    type: list
    elements: str
    required: true
  resource_name:
    description: Whether names are made of the instance's id, and answered with an A record.
    type: bool
    default: true
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Name instances by their id
  ec2_subnet_names:
    subnet_ids: [subnet-0123456789abcdef0]
"""

RETURN = """
subnets:
  description: Ids of the subnets that differed.
  type: list
  elements: str
  returned: always
"""


def hold(ec2: Any, subnet_ids: list[str], resource_name: bool, dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    wanted = {
        "HostnameType": "resource-name" if resource_name else "ip-name",
        "EnableResourceNameDnsARecord": resource_name,
    }
    before = {
        subnet["SubnetId"]: {name: subnet["PrivateDnsNameOptionsOnLaunch"].get(name) for name in wanted}
        for subnet in ec2.describe_subnets(SubnetIds=subnet_ids)["Subnets"]
    }
    differing = [subnet for subnet in subnet_ids if before[subnet] != wanted]
    for subnet in [] if dry else differing:
        # EC2 takes one attribute a call.
        ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch=wanted["HostnameType"])
        ec2.modify_subnet_attribute(SubnetId=subnet, EnableResourceNameDnsARecordOnLaunch={"Value": resource_name})
    return {
        "changed": bool(differing),
        "subnets": differing,
        "diff": {"before": {subnet: before[subnet] for subnet in differing}, "after": dict.fromkeys(differing, wanted)},
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "subnet_ids": {"type": "list", "elements": "str", "required": True},
            "resource_name": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("ec2"), given["subnet_ids"], given["resource_name"], module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EC2 refused to show or change the subnets {', '.join(given['subnet_ids'])}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
