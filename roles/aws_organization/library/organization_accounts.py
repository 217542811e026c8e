#!/usr/bin/python
"""Ansible module: an organisation and the accounts in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: organization_accounts
short_description: Make an organisation and its accounts, one for each environment
description:
  - No collection that we pin has AWS Organizations. What stands is used; no account is ever closed or moved.
  - An account is known by the address of its owner, which no other account of the world has. A run that ended while AWS
    was making one waits for that one.
  - Endpoint and credentials, those of the management account, come from the environment, as for any AWS tool.
options:
  accounts:
    description: The accounts.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the account., type: str, required: true}
      email: {description: Address of its root user., type: str, required: true}
      tags: {description: Its tags; others are left alone., type: dict, default: {}}
  role_name:
    description: Role that AWS makes in a new account for the management account to assume.
    type: str
    default: OrganizationAccountAccessRole
  timeout:
    description: Seconds to wait for each new account.
    type: int
    default: 600
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Have an account for production
  organization_accounts:
    accounts:
      - name: enssol-production
        email: aws-production@example.com
        tags: {Project: enssol}
"""

RETURN = """
settings:
  description: What was missing or differed, the organisation and names of accounts.
  type: list
  elements: str
  returned: always
accounts:
  description: Name to id; empty for one that a preview would make.
  type: dict
  returned: always
"""

Client = Any


class RefusedError(Exception):
    """What a person must do before this can go on."""


def organization(client: Client, account: str, dry: bool) -> bool:
    """Have an organisation with all features whose management account this is; tell whether it was missing.

    Raises RefusedError when the one that there is will not do.
    """
    try:
        found = client.describe_organization()["Organization"]
    except client.exceptions.AWSOrganizationsNotInUseException:
        if not dry:
            client.create_organization(FeatureSet="ALL")
        return True
    manager = found["MasterAccountId"]
    if manager != account:
        raise RefusedError(
            f"These credentials are of account {account}, a member of the organisation that {manager} manages:"
            f" use those of {manager}."
        )
    if found["FeatureSet"] != "ALL":
        raise RefusedError(
            "The organisation has consolidated billing only, which knows no policies:"
            " type `aws organizations enable-all-features`."
        )
    return False


def standing(client: Client) -> dict[str, dict[str, Any]]:
    """The accounts of the organisation, by the address of each."""
    pages = client.get_paginator("list_accounts").paginate()
    return {account["Email"].lower(): account for page in pages for account in page["Accounts"]}


def tags_of(client: Client, resource: str) -> dict[str, str]:
    pages = client.get_paginator("list_tags_for_resource").paginate(ResourceId=resource)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def under_way(client: Client, name: str) -> dict[str, Any] | None:
    """The account of that name that AWS is making for a run before this one."""
    for page in client.get_paginator("list_create_account_status").paginate(States=["IN_PROGRESS"]):
        for status in page["CreateAccountStatuses"]:
            if status["AccountName"] == name:
                found: dict[str, Any] = status
                return found
    return None


def make(client: Client, asked: Mapping[str, Any], params: Mapping[str, Any], pause: float = 5) -> str:
    """Make an account, wait until AWS has, and return its id.

    Raises RefusedError when AWS does not, or not in time.
    """
    status = (
        under_way(client, asked["name"])
        or client.create_account(
            AccountName=asked["name"], Email=asked["email"], RoleName=params["role_name"], Tags=pairs(asked["tags"])
        )["CreateAccountStatus"]
    )
    until = time.monotonic() + params["timeout"]
    while status["State"] == "IN_PROGRESS":
        if time.monotonic() > until:
            raise RefusedError(f"AWS is still making {asked['name']} after {params['timeout']} s: run it again.")
        time.sleep(pause)
        answer = client.describe_create_account_status(CreateAccountRequestId=status["Id"])
        status = answer["CreateAccountStatus"]
    if status["State"] != "SUCCEEDED":
        raise RefusedError(f"AWS did not make {asked['name']}: {status.get('FailureReason')}.")
    return str(status["AccountId"])


def hold(client: Client, account: str, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, make what is missing unless `dry`, and return the module's answer."""
    missing = organization(client, account, dry)
    settings, ids, diff = ["organization"] if missing else [], {}, []
    found = {} if missing and dry else standing(client)
    for given in params["accounts"]:
        tags = {name: str(value) for name, value in given["tags"].items()}
        asked, there = {**given, "tags": tags}, found.get(given["email"].lower())
        ids[given["name"]] = there["Id"] if there else ""
        carried = {name: value for name, value in tags_of(client, there["Id"]).items() if name in tags} if there else {}
        if there and carried == tags:
            continue
        settings.append(given["name"])
        before = {**asked, "tags": carried} if there else {}
        diff.append({"before": before, "after": asked, "before_header": given["name"], "after_header": given["name"]})
        if not dry and there:
            client.tag_resource(ResourceId=there["Id"], Tags=pairs(tags))
        elif not dry:
            ids[given["name"]] = make(client, asked, params)
    return {"changed": bool(settings), "settings": settings, "accounts": ids, "diff": diff}


def main() -> None:
    text = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "accounts": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"name": text, "email": text, "tags": {"type": "dict", "default": {}}},
            },
            "role_name": {"type": "str", "default": "OrganizationAccountAccessRole"},
            "timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        caller = boto3.client("sts").get_caller_identity()["Account"]
        result = hold(boto3.client("organizations"), caller, module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except RefusedError as refused:
        module.fail_json(msg=str(refused))
    except Exception as error:
        module.fail_json(msg=f"AWS Organizations refused to show or make the accounts: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
