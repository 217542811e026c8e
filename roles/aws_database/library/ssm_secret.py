#!/usr/bin/python
"""Ansible module: a secret that is made once and kept in AWS."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ssm_secret
short_description: Make a random secret once, in Systems Manager's parameter store
description:
  - community.aws.ssm_parameter keeps a value that is given to it and does not say the one that stands; a lookup does
    not know the session of an assumed role. This module makes the value where there is none, never replaces it, and
    returns it.
  - Put C(no_log) on the task. Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the parameter, such as /enssol/production/database_password.
    type: str
    required: true
  key_id:
    description: KMS key that encrypts it.
    type: str
  length:
    description: Letters and digits of a new one.
    type: int
    default: 48
  tags:
    description: All tags of the parameter.
    type: dict
    default: {}
  state:
    description: What is wanted; C(found) makes and changes nothing.
    type: str
    choices: [present, found, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Make the password of the database
  ssm_secret:
    name: /enssol/production/database_password
    key_id: alias/enssol-production
  no_log: true
"""

RETURN = """
value:
  description: The secret; empty when there is none, as in a preview of one that would be made.
  type: str
  returned: always
"""

Client = Any


def find(ssm: Client, name: str) -> str:
    """The standing secret; empty when there is none."""
    try:
        value: str = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return ""
    return value


def tags_of(ssm: Client, name: str) -> dict[str, str]:
    found = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    return {tag["Key"]: tag["Value"] for tag in found}


def hold_tags(ssm: Client, name: str, wanted: Mapping[str, str], dry: bool) -> bool:
    """Give the parameter exactly these tags unless `dry`; tell whether it had others."""
    standing = tags_of(ssm, name)
    if standing == wanted:
        return False
    if not dry:
        if surplus := sorted(set(standing) - set(wanted)):
            ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=surplus)
        tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tags)
    return True


def make(ssm: Client, params: Mapping[str, Any]) -> str:
    """Make the secret; raises ParameterAlreadyExists when somebody else was faster."""
    value = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(params["length"]))
    tags = [{"Key": key, "Value": text} for key, text in params["tags"].items()]
    key = {"KeyId": params["key_id"]} if params["key_id"] else {}
    ssm.put_parameter(Name=params["name"], Value=value, Type="SecureString", Overwrite=False, Tags=tags, **key)
    return value


def hold(ssm: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Make or remove it unless `dry`, and return the module's answer."""
    name, value = params["name"], find(ssm, params["name"])
    if params["state"] == "absent":
        if value and not dry:
            ssm.delete_parameter(Name=name)
        return {"changed": bool(value), "value": ""}
    if params["state"] == "found":
        return {"changed": False, "value": value}
    if not value:
        return {"changed": True, "value": "" if dry else make(ssm, params)}
    wanted = {key: str(text) for key, text in params["tags"].items()}
    return {"changed": hold_tags(ssm, name, wanted, dry), "value": value}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "key_id": {"type": "str", "no_log": False},
            "length": {"type": "int", "default": 48},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "found", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("ssm"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS refused to show or make the parameter {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
