#!/usr/bin/python
"""Ansible module: a monthly budget that tells a topic before it is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: monthly_budget
short_description: Make a monthly cost budget with its notification
description:
  - No collection that we pin has budgets. The topic is told once the month's forecast is beyond the amount, and again
    when the amount is spent.
  - The tag must be activated as a cost allocation tag in the billing console; until then the budget sees nothing.
  - Endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the budget.
    type: str
    required: true
  account_id:
    description: Account that pays.
    type: str
    required: true
  amount:
    description: US dollars a month.
    type: int
  tag:
    description: Cost allocation tag and its value, as name$value.
    type: str
  topic_arn:
    description: SNS topic to tell.
    type: str
  tags:
    description: Tags of the budget itself; others are left alone.
    type: dict
    default: {}
  state:
    description: What is wanted. The state of the budget.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Say when it gets expensive
  monthly_budget:
    name: enssol-production
    account_id: "123456789012"
    amount: 25
    tag: Environment$production
    topic_arn: arn:aws:sns:ap-southeast-2:123456789012:enssol-production
"""

RETURN = """
settings:
  description: What was missing or differed, of budget, notifications and tags.
  type: list
  elements: str
  returned: always
"""

Client = Any
KINDS = ("FORECASTED", "ACTUAL")


def budget_of(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "BudgetName": params["name"],
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": f"{params['amount']}.0", "Unit": "USD"},
        "CostFilters": {"TagKeyValue": [f"user:{params['tag']}"]},
    }


def notification_of(kind: str) -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 100.0,
        "ThresholdType": "PERCENTAGE",
    }


def arn_of(params: Mapping[str, Any]) -> str:
    return f"arn:aws:budgets::{params['account_id']}:budget/{params['name']}"


def tags_of(budgets: Client, params: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, str | None]:
    """Of the tags of a standing budget, those that were asked for."""
    answer = budgets.list_tags_for_resource(ResourceARN=arn_of(params)).get("ResourceTags", [])
    found = {tag["Key"]: tag["Value"] for tag in answer}
    return {name: found.get(name) for name in tags}


def find(budgets: Client, account: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The standing budget, as far as it was asked for, and the kinds of its notifications; empty when there is none."""
    name = wanted["BudgetName"]
    try:
        budget = budgets.describe_budget(AccountId=account, BudgetName=name)["Budget"]
    except budgets.exceptions.NotFoundException:
        return {}, set()
    told = budgets.describe_notifications_for_budget(AccountId=account, BudgetName=name)["Notifications"]
    found = {field: budget.get(field) for field in wanted}
    # AWS writes the amount with as many digits as it likes.
    found["BudgetLimit"] = {**found["BudgetLimit"], "Amount": f"{float(found['BudgetLimit']['Amount']):.1f}"}
    return found, {one["NotificationType"] for one in told}


def hold(budgets: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    account, wanted = params["account_id"], budget_of(params)
    found, told = find(budgets, account, wanted)
    untold = [kind for kind in KINDS if kind not in told]
    tags = {name: str(value) for name, value in params["tags"].items()}
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    tagged = tags_of(budgets, params, tags) if found else {}
    if not dry and not found:
        budgets.create_budget(AccountId=account, Budget=wanted, ResourceTags=pairs)
    elif not dry and found != wanted:
        budgets.update_budget(AccountId=account, NewBudget=wanted)
    if not dry and found and tagged != tags:
        budgets.tag_resource(ResourceARN=arn_of(params), ResourceTags=pairs)
    for kind in [] if dry else untold:
        budgets.create_notification(
            AccountId=account,
            BudgetName=params["name"],
            Notification=notification_of(kind),
            Subscribers=[{"SubscriptionType": "SNS", "Address": params["topic_arn"]}],
        )
    differing = {"budget": found != wanted, "notifications": bool(untold), "tags": tagged != tags}
    settings = [name for name, differs in differing.items() if differs]
    return {
        "changed": bool(settings),
        "settings": settings,
        "diff": {
            "before": {"budget": found, "notifications": sorted(told), "tags": tagged} if settings else {},
            "after": {"budget": wanted, "notifications": sorted(KINDS), "tags": tags} if settings else {},
        },
    }


def remove(budgets: Client, account: str, name: str, dry: bool) -> dict[str, Any]:
    """Remove the budget unless `dry`, and return the module's answer."""
    try:
        budgets.describe_budget(AccountId=account, BudgetName=name)
    except budgets.exceptions.NotFoundException:
        return {"changed": False, "settings": []}
    if not dry:
        budgets.delete_budget(AccountId=account, BudgetName=name)
    return {"changed": True, "settings": ["budget"]}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
            "amount": {"type": "int"},
            "tag": {"type": "str"},
            "topic_arn": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("amount", "tag", "topic_arn"))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        budgets, given = boto3.client("budgets"), module.params
        if given["state"] == "absent":
            result = remove(budgets, given["account_id"], given["name"], module.check_mode)
        else:
            result = hold(budgets, given, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS refused to show or change the budget {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
