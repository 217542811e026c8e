#!/usr/bin/python
"""Ansible module: service control policies, and the accounts that they bind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: organization_policies
short_description: Make service control policies and bind accounts by them
description:
  - No collection that we pin has AWS Organizations. Policies of other names, and what they bind, are left alone.
  - Endpoint and credentials, those of the management account, come from the environment, as for any AWS tool.
options:
  policies:
    description: The policies.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the policy., type: str, required: true}
      why: {description: What it is for., type: str, required: true}
      content: {description: The policy itself., type: dict, required: true}
      accounts:
        description: Ids of the accounts that it binds, and no other.
        type: list
        elements: str
        required: true
      tags: {description: Its tags; others are left alone., type: dict, default: {}}
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Let nobody leave
  organization_policies:
    policies:
      - name: enssol-everywhere
        why: What no account may do
        accounts: ["123456789012"]
        content:
          Version: "2012-10-17"
          Statement: [{Effect: Deny, Action: [organizations:LeaveOrganization], Resource: ["*"]}]
"""

RETURN = """
settings:
  description: What was missing or differed, the type of policies and names of policies.
  type: list
  elements: str
  returned: always
"""

Client = Any
KIND = "SERVICE_CONTROL_POLICY"


def enable(client: Client, dry: bool) -> bool:
    """Let the organisation heed such policies; tell whether it did not."""
    try:
        (root,) = client.list_roots()["Roots"]
    except client.exceptions.AWSOrganizationsNotInUseException:
        # A preview of an account that has none yet.
        return True
    if {"Type": KIND, "Status": "ENABLED"} in root["PolicyTypes"]:
        return False
    if not dry:
        client.enable_policy_type(RootId=root["Id"], PolicyType=KIND)
    return True


def standing(client: Client) -> dict[str, str]:
    """The ids of the policies, by name."""
    try:
        pages = [*client.get_paginator("list_policies").paginate(Filter=KIND)]
    except client.exceptions.AWSOrganizationsNotInUseException:
        return {}
    return {policy["Name"]: policy["Id"] for page in pages for policy in page["Policies"]}


def find(client: Client, policy: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """What a policy says and binds, and its tags of those that were asked for."""
    found = client.describe_policy(PolicyId=policy)["Policy"]
    bound = client.get_paginator("list_targets_for_policy").paginate(PolicyId=policy)
    carried = client.get_paginator("list_tags_for_resource").paginate(ResourceId=policy)
    told = {tag["Key"]: tag["Value"] for page in carried for tag in page["Tags"]}
    return {
        "why": found["PolicySummary"]["Description"],
        "content": json.loads(found["Content"]),
        "accounts": sorted(target["TargetId"] for page in bound for target in page["Targets"]),
        "tags": {name: told[name] for name in tags if name in told},
    }


def wanted_of(given: Mapping[str, Any]) -> dict[str, Any]:
    tags = {name: str(value) for name, value in given["tags"].items()}
    return {"why": given["why"], "content": given["content"], "accounts": sorted(given["accounts"]), "tags": tags}


def change(client: Client, name: str, policy: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Make or change a policy, then bind by it and free from it."""
    # The limit is on what is sent: no spaces.
    content = json.dumps(wanted["content"], separators=(",", ":"))
    tags = [{"Key": key, "Value": value} for key, value in wanted["tags"].items()]
    if not policy:
        made = client.create_policy(Name=name, Description=wanted["why"], Content=content, Type=KIND, Tags=tags)
        policy = made["Policy"]["PolicySummary"]["Id"]
    elif (found["why"], found["content"]) != (wanted["why"], wanted["content"]):
        client.update_policy(PolicyId=policy, Description=wanted["why"], Content=content)
    if found and found["tags"] != wanted["tags"]:
        client.tag_resource(ResourceId=policy, Tags=tags)
    bound = found.get("accounts", [])
    for account in wanted["accounts"]:
        if account not in bound:
            client.attach_policy(PolicyId=policy, TargetId=account)
    for account in bound:
        if account not in wanted["accounts"]:
            client.detach_policy(PolicyId=policy, TargetId=account)


def hold(client: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    settings: list[str] = ["policy_type"] if enable(client, dry) else []
    ids, diff = standing(client), []
    for given in params["policies"]:
        name, wanted = given["name"], wanted_of(given)
        found = find(client, ids[name], wanted["tags"]) if name in ids else {}
        if found == wanted:
            continue
        settings.append(name)
        diff.append({"before": found, "after": wanted, "before_header": name, "after_header": name})
        if not dry:
            change(client, name, ids.get(name, ""), found, wanted)
    return {"changed": bool(settings), "settings": settings, "diff": diff}


def main() -> None:
    text = {"type": "str", "required": True}
    options = {
        "name": text,
        "why": text,
        "content": {"type": "dict", "required": True},
        "accounts": {"type": "list", "elements": "str", "required": True},
        "tags": {"type": "dict", "default": {}},
    }
    module = AnsibleModule(
        argument_spec={"policies": {"type": "list", "elements": "dict", "required": True, "options": options}},
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("organizations"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS Organizations refused to show or change the policies: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
