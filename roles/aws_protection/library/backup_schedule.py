#!/usr/bin/python
"""Ansible module: a locked AWS Backup vault, and the plan that fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: backup_schedule
short_description: Make a locked vault, a plan and its selection, and hold them to their settings
description:
  - amazon.aws has no vault lock, and its backup_plan previews a change where there is none.
  - The vault is locked in governance mode - no recovery point goes before its days are over unless somebody with the
    right takes the lock off. Nothing is ever removed.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the vault, the plan and the selection.
    type: str
    required: true
  kms_key_id:
    description: ARN of the key that encrypts a new vault.
    type: str
  role_arn:
    description: Role that AWS Backup works with.
    type: str
  schedules:
    description: Rules of the plan, name to a cron expression of AWS in UTC.
    type: dict
  days:
    description: Days that each recovery point is kept.
    type: int
    default: 30
  carrying:
    description: Tags that an instance must carry to be backed up.
    type: dict
  tags:
    description: Tags of vault and plan; others are left alone.
    type: dict
    default: {}
  state:
    description: What is wanted. C(absent) removes the plan and its selection; the vault and what lies in it stay.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Back up every day
  backup_schedule:
    name: enssol-production
    kms_key_id: arn:aws:kms:ap-southeast-2:123456789012:key/0123
    role_arn: arn:aws:iam::123456789012:role/enssol-production-backup
    schedules: {daily: cron(0 16 * * ? *)}
    carrying: {Project: enssol, Backup: daily}
    tags: {Project: enssol}
"""

RETURN = """
settings:
  description: What was missing or differed, of vault, lock, plan, selection, and the tags of vault and plan.
  type: list
  elements: str
  returned: always
"""

Client = Any


def lock_of(params: Mapping[str, Any]) -> dict[str, Any]:
    # Without days in which it can still be changed it is a governance lock.
    return {"MinRetentionDays": params["days"], "MaxRetentionDays": 365}


def plan_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as AWS Backup says it, rules in the order of their names."""
    rules = [
        {
            "RuleName": name,
            "TargetBackupVaultName": params["name"],
            "ScheduleExpression": schedule,
            "StartWindowMinutes": 60,
            "CompletionWindowMinutes": 360,
            "Lifecycle": {"DeleteAfterDays": params["days"]},
        }
        for name, schedule in sorted(params["schedules"].items())
    ]
    return {"BackupPlanName": params["name"], "Rules": rules}


def selection_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Instances that carry all the tags; their volumes come with them."""
    conditions = [
        {"ConditionKey": f"aws:ResourceTag/{name}", "ConditionValue": str(value)}
        for name, value in sorted(params["carrying"].items())
    ]
    return {
        "SelectionName": params["name"],
        "IamRoleArn": params["role_arn"],
        "Resources": ["arn:aws:ec2:*:*:instance/*"],
        "Conditions": {"StringEquals": conditions},
    }


def part(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of what AWS says, the fields that were asked for."""
    return {name: found.get(name) for name in wanted}


def tags_of(backup: Client, arn: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Of the tags of a vault or a plan, those that were asked for."""
    return part(backup.list_tags(ResourceArn=arn).get("Tags", {}), params["tags"])


def find(backup: Client, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What stands, as far as it was asked for; None for what does not."""
    vaults = {vault["BackupVaultName"]: vault for vault in backup.list_backup_vaults()["BackupVaultList"]}
    plans = {plan["BackupPlanName"]: plan for plan in backup.list_backup_plans()["BackupPlansList"]}
    found: dict[str, Any] = dict.fromkeys(("vault", "lock", "plan", "selection", "vault_tags", "plan_tags"))
    if name in vaults:
        arn = vaults[name]["BackupVaultArn"]
        found |= {"vault": name, "lock": part(vaults[name], lock_of(params))}
        found |= {"vault_arn": arn, "vault_tags": tags_of(backup, arn, params)}
    if name in plans:
        plan_id, arn = plans[name]["BackupPlanId"], plans[name]["BackupPlanArn"]
        plan, wanted = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"], plan_of(params)
        rules = sorted(plan["Rules"], key=lambda rule: str(rule["RuleName"]))
        found |= {"plan_id": plan_id, "plan_arn": arn, "plan_tags": tags_of(backup, arn, params)}
        found["plan"] = {**wanted, "Rules": [part(rule, wanted["Rules"][0]) for rule in rules]}
        selections = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
        for one in selections:
            found["selection_id"] = one["SelectionId"]
            got = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=one["SelectionId"])
            found["selection"] = part(got["BackupSelection"], selection_of(params))
            equal = found["selection"]["Conditions"] or {}
            # AWS answers with every kind of condition, most of them empty.
            found["selection"]["Conditions"] = {kind: pairs for kind, pairs in equal.items() if pairs}
    return found


def change(backup: Client, name: str, found: Mapping[str, Any], wanted: Mapping[str, Any], kms_key_id: str) -> None:
    """Make what is missing and change what differs, in the order in which one needs the other."""
    if not found["vault"]:
        backup.create_backup_vault(
            BackupVaultName=name, EncryptionKeyArn=kms_key_id, BackupVaultTags=wanted["vault_tags"]
        )
    elif found["vault_tags"] != wanted["vault_tags"]:
        backup.tag_resource(ResourceArn=found["vault_arn"], Tags=wanted["vault_tags"])
    if found["lock"] != wanted["lock"]:
        backup.put_backup_vault_lock_configuration(BackupVaultName=name, **wanted["lock"])
    plan_id = found.get("plan_id")
    if not plan_id:
        made = backup.create_backup_plan(BackupPlan=wanted["plan"], BackupPlanTags=wanted["plan_tags"])
        plan_id = made["BackupPlanId"]
    elif found["plan"] != wanted["plan"]:
        backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=wanted["plan"])
    if "plan_arn" in found and found["plan_tags"] != wanted["plan_tags"]:
        backup.tag_resource(ResourceArn=found["plan_arn"], Tags=wanted["plan_tags"])
    if found["selection"] != wanted["selection"]:
        # A selection cannot be changed, only replaced.
        if "selection_id" in found:
            backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=found["selection_id"])
        backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=wanted["selection"])


def hold(backup: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    name = params["name"]
    params = {**params, "tags": {tag: str(value) for tag, value in params["tags"].items()}}
    wanted = {"vault": name, "lock": lock_of(params), "plan": plan_of(params), "selection": selection_of(params)}
    wanted |= {"vault_tags": params["tags"], "plan_tags": params["tags"]}
    found = find(backup, name, params)
    differing = [setting for setting in wanted if found[setting] != wanted[setting]]
    if differing and not dry:
        change(backup, name, found, wanted, params["kms_key_id"])
    return {
        "changed": bool(differing),
        "settings": differing,
        "diff": {
            "before": {setting: found[setting] for setting in differing},
            "after": {setting: wanted[setting] for setting in differing},
        },
    }


def remove(backup: Client, name: str, dry: bool) -> dict[str, Any]:
    """Remove plan and selections unless `dry`, and return the module's answer."""
    plans = [plan for plan in backup.list_backup_plans()["BackupPlansList"] if plan["BackupPlanName"] == name]
    for plan in [] if dry else plans:
        plan_id = plan["BackupPlanId"]
        for one in backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]:
            backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=one["SelectionId"])
        backup.delete_backup_plan(BackupPlanId=plan_id)
    return {"changed": bool(plans), "settings": ["plan", "selection"] if plans else []}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "kms_key_id": {"type": "str", "no_log": False},
            "role_arn": {"type": "str"},
            "schedules": {"type": "dict"},
            "days": {"type": "int", "default": 30},
            "carrying": {"type": "dict"},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("kms_key_id", "role_arn", "schedules", "carrying"))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        backup, given = boto3.client("backup"), module.params
        if given["state"] == "absent":
            result = remove(backup, given["name"], module.check_mode)
        else:
            result = hold(backup, given, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"AWS Backup refused to show or change {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
