#!/usr/bin/python
"""Ansible module: a schedule that stops instances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: nightly_stop
short_description: Stop instances at a time of day
description:
  - No collection that we pin knows EventBridge Scheduler. The schedule calls EC2 itself, with a role of its own;
    nothing runs for it, and it costs nothing.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the schedule.
    type: str
    required: true
  instance_ids:
    description: Instances to stop; one that is stopped already is left alone by EC2.
    type: list
    elements: str
  role_arn:
    description: Role that the scheduler stops them with.
    type: str
  schedule:
    description: When, as cron(minutes hours day month weekday year).
    type: str
  time_zone:
    description: Time zone of the schedule, such as Australia/Sydney.
    type: str
    default: UTC
  state:
    description: What is wanted.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Sleep at night
  nightly_stop:
    name: enssol-development
    instance_ids: [i-0123456789abcdef0]
    role_arn: arn:aws:iam::123456789012:role/enssol-development-shutdown
    schedule: cron(0 20 * * ? *)
    time_zone: Australia/Sydney
"""

RETURN = """
settings:
  description: Names of the fields that were missing or differed.
  type: list
  elements: str
  returned: always
"""

Client = Any


def schedule_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The schedule as EventBridge says it."""
    return {
        "ScheduleExpression": params["schedule"],
        "ScheduleExpressionTimezone": params["time_zone"],
        "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
            "RoleArn": params["role_arn"],
            "Input": json.dumps({"InstanceIds": sorted(params["instance_ids"])}),
        },
    }


def find(scheduler: Client, name: str) -> dict[str, Any]:
    """The standing schedule; empty when there is none."""
    try:
        found: dict[str, Any] = scheduler.get_schedule(Name=name)
    except scheduler.exceptions.ResourceNotFoundException:
        return {}
    return found


def part(found: Any, wanted: Any) -> Any:
    """Of what AWS says, the fields that were asked for: it adds its own, such as a retry policy."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {name: part(found.get(name), wanted[name]) for name in wanted}
    return found


def hold(scheduler: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    wanted, standing = schedule_of(params), find(scheduler, params["name"])
    before = part(standing, wanted)
    differing = [field for field in wanted if before[field] != wanted[field]]
    if differing and not dry:
        # A schedule is changed by saying all of it again.
        (scheduler.update_schedule if standing else scheduler.create_schedule)(Name=params["name"], **wanted)
    return {
        "changed": bool(differing),
        "settings": differing,
        "diff": {
            "before": {field: before[field] for field in differing},
            "after": {field: wanted[field] for field in differing},
        },
    }


def remove(scheduler: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Remove the schedule unless `dry`, and return the module's answer."""
    standing = find(scheduler, params["name"])
    if standing and not dry:
        scheduler.delete_schedule(Name=params["name"])
    return {"changed": bool(standing), "settings": ["schedule"] if standing else []}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "instance_ids": {"type": "list", "elements": "str"},
            "role_arn": {"type": "str"},
            "schedule": {"type": "str"},
            "time_zone": {"type": "str", "default": "UTC"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("instance_ids", "role_arn", "schedule"))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        act = hold if module.params["state"] == "present" else remove
        result = act(boto3.client("scheduler"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EventBridge refused to show or change the schedule {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
