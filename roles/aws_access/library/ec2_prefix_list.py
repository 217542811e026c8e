#!/usr/bin/python
"""Ansible module: the id of a prefix list, by its name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_prefix_list
short_description: Find a prefix list by its name
description:
  - No collection that we pin looks one up, and the ids of AWS's own lists differ from region to region.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the list.
    type: str
    required: true
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Find where CloudFront comes from
  ec2_prefix_list:
    name: com.amazonaws.global.cloudfront.origin-facing
"""

RETURN = """
prefix_list_id:
  description: Id of the list.
  type: str
  returned: always
"""


def find(ec2: Any, name: str) -> str:
    """The id of the list; raises LookupError when the region has none of that name."""
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    for found in ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]:
        identity: str = found["PrefixListId"]
        return identity
    raise LookupError("there is none of that name in this region")


def main() -> None:
    module = AnsibleModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        identity = find(boto3.client("ec2"), module.params["name"])
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EC2 did not show the prefix list {module.params['name']}: {error}")
    module.exit_json(changed=False, prefix_list_id=identity)


if __name__ == "__main__":
    main()
