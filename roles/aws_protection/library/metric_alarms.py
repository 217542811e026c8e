#!/usr/bin/python
"""Ansible module: CloudWatch alarms, with their tags, all of them in one look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: metric_alarms
short_description: Make alarms that tell one topic, and hold them to their settings and tags
description:
  - The module of amazon.aws knows no tags of alarms, does not see that somebody switched an alarm's actions off, and
    asks AWS anew for each alarm.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  alarms:
    description: The alarms. Three periods in a row decide.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the alarm., type: str, required: true}
      why: {description: What it means and what to do, told with it., type: str}
      namespace: {description: Namespace of the metric., type: str}
      metric: {description: Name of the metric., type: str}
      dimensions: {description: Dimensions of the metric., type: dict}
      statistic: {description: Statistic over a period., type: str}
      comparison: {description: Operator between statistic and threshold., type: str}
      threshold: {description: Threshold in the metric's unit., type: float}
      period: {description: Seconds of a period., type: int}
      missing: {description: What silence means., type: str}
  topic_arn:
    description: SNS topic that is told when an alarm rings and when it is over.
    type: str
  tags:
    description: Tags of each alarm; others are left alone.
    type: dict
    default: {}
  state:
    description: What is wanted. C(absent) needs the names only.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Watch the disk
  metric_alarms:
    alarms:
      - name: enssol-production-disk
        why: The disk is nearly full.
        namespace: enssol-production
        metric: DiskUsed
        dimensions: {Site: app.enssol.com.au}
        statistic: Maximum
        comparison: GreaterThanThreshold
        threshold: 85
        period: 300
        missing: breaching
    topic_arn: arn:aws:sns:ap-southeast-2:123456789012:enssol-production
    tags: {Project: enssol}
"""

RETURN = """
alarms:
  description: Names of the alarms that were missing or differed, or that are gone.
  type: list
  elements: str
  returned: always
"""

Client = Any
PERIODS = 3


def alarm_of(given: Mapping[str, Any], topic_arn: str) -> dict[str, Any]:
    """An alarm as CloudWatch says it."""
    return {
        "AlarmName": given["name"],
        "AlarmDescription": given["why"],
        "Namespace": given["namespace"],
        "MetricName": given["metric"],
        "Dimensions": [{"Name": name, "Value": str(value)} for name, value in sorted(given["dimensions"].items())],
        "Statistic": given["statistic"],
        "ComparisonOperator": given["comparison"],
        "Threshold": given["threshold"],
        "Period": given["period"],
        "EvaluationPeriods": PERIODS,
        "TreatMissingData": given["missing"],
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn],
        "OKActions": [topic_arn],
    }


def find(cloudwatch: Client, names: list[str]) -> dict[str, dict[str, Any]]:
    """The standing ones of these alarms, by name, each with its tags."""
    found: dict[str, dict[str, Any]] = {}
    # A hundred names at most in one question.
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=names, AlarmTypes=["MetricAlarm"]):
        for alarm in page["MetricAlarms"]:
            answer = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
            found[alarm["AlarmName"]] = {**alarm, "Tags": {tag["Key"]: tag["Value"] for tag in answer}}
    return found


def part(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of what AWS says, the fields that were asked for, in an order of their own."""
    told = {name: found.get(name) for name in wanted}
    if dimensions := told.get("Dimensions"):
        told["Dimensions"] = sorted(dimensions, key=lambda pair: str(pair["Name"]))
    return told


def hold(cloudwatch: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    tags = {name: str(value) for name, value in params["tags"].items()}
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    standing = find(cloudwatch, [given["name"] for given in params["alarms"]])
    before, after = {}, {}
    for given in params["alarms"]:
        wanted, found = alarm_of(given, params["topic_arn"]), standing.get(given["name"], {})
        settings, tagged = part(found, wanted), part(found.get("Tags", {}), tags)
        if settings == wanted and tagged == tags:
            continue
        before[given["name"]] = {**settings, "Tags": tagged} if found else None
        after[given["name"]] = {**wanted, "Tags": tags}
        if dry:
            continue
        if settings != wanted:
            # CloudWatch takes tags of a new alarm only.
            cloudwatch.put_metric_alarm(**wanted, **({} if found else {"Tags": pairs}))
        if found and tagged != tags:
            cloudwatch.tag_resource(ResourceARN=found["AlarmArn"], Tags=pairs)
    return {"changed": bool(after), "alarms": [*after], "diff": {"before": before, "after": after}}


def remove(cloudwatch: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Remove those that stand unless `dry`, and return the module's answer."""
    standing = [*find(cloudwatch, [given["name"] for given in params["alarms"]])]
    if standing and not dry:
        cloudwatch.delete_alarms(AlarmNames=standing)
    return {"changed": bool(standing), "alarms": standing}


def main() -> None:
    text, needed = {"type": "str"}, {"type": "str", "required": True}
    options = {
        "name": needed,
        **dict.fromkeys(("why", "namespace", "metric", "statistic", "comparison", "missing"), text),
        "dimensions": {"type": "dict"},
        "threshold": {"type": "float"},
        "period": {"type": "int"},
    }
    module = AnsibleModule(
        argument_spec={
            "alarms": {"type": "list", "elements": "dict", "required": True, "options": options},
            "topic_arn": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("topic_arn",))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        act = hold if module.params["state"] == "present" else remove
        result = act(boto3.client("cloudwatch"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"CloudWatch refused to show or change the alarms: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
