"""What a record of calls shows of each resource of the single topology, as the first table of docs/aws.md.

Usage: proof.py CALLS JUNIT
  CALLS  what the stand-in wrote down, with marks between the steps of the scenario.
  JUNIT  results of the tests that read back.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

READS = ("Describe", "Get", "List", "Head", "AssumeRole")
MAKES = re.compile(r":(Create(?!Tags)|Allocate|Import|Run|Put|ChangeResourceRecordSets (CREATE|UPSERT))")
REMOVES = re.compile(r":(Delete|Terminate|Release|ChangeResourceRecordSets DELETE)")
# After the runs that were killed: made whole, changed by hand, put back, left alone, read, taken down.
STEPS = ["killed", "run", "hand", "run", "run", "tests", "decommission"]


@dataclass(frozen=True)
class Resource:
    """A row of the table.

    :param calls: pattern of the calls that make, change or remove it, as `said` says them
    :param tests: pattern of the names of the tests that read it back
    :param stays: why a decommission leaves it; empty when it goes
    """

    name: str
    calls: str
    tests: str
    stays: str = ""


def ec2(nouns: str, tags: str) -> str:
    return rf"ec2:[A-Za-z]+?({nouns})$|ec2:(Create|Delete)Tags ({tags})$"


ROWS = [
    Resource("VPC, subnets", ec2("Vpcs?(Attribute)?|Subnets?(Attribute)?", "vpc|subnet"), r"vpc$|_subnet"),
    Resource(
        "Internet gateway, route tables",
        ec2("InternetGateway|Route(Table)?", "igw|rtb"),
        r"internet_gateway|route_table\[",
    ),
    Resource("S3 gateway endpoint", ec2("VpcEndpoints?", "vpce"), r"way_to_s3"),
    Resource("Security group", ec2("SecurityGroup[A-Za-z]*", "sg"), r"security_group_opens"),
    Resource("Key pair", ec2("KeyPair", "key"), r"key_pair"),
    Resource("KMS key, alias, rotation", r"kms:", r"key_rotates", "it opens the backups"),
    Resource("Instance role, profile, policy", r"iam:\w+ (enssol-local|own)$", r"least_privilege|role_may_do"),
    Resource("Buckets", r"s3:", r"a_bucket_is_private|encrypts_a_bucket", "they hold the backups"),
    Resource(
        "Instance, volume, interface",
        ec2("Instances?|Instance[A-Z][A-Za-z]+|PrivateDnsNameOptions", "i|vol|eni"),
        r"attribute_of_the_(instance|volume)",
    ),
    Resource("Elastic IP", ec2("Address", "eipalloc"), r"leads_to_the_address"),
    Resource("A and CAA records", r"route53:ChangeResourceRecordSets", r"name_leads|may_certify"),
    Resource("Health check", r"route53:(\w+HealthCheck|ChangeTagsForResource healthcheck)", r"world_is_asked"),
    Resource("Flow log and its log group", ec2("FlowLogs", "fl") + "|logs:", r"enters_and_leaves_is_recorded_by"),
    Resource("Vault, lock, plan, selection", r"backup:", r"snapshots_are_taken"),
    Resource("Alarms", r"cloudwatch:", r"an_alarm_watches"),
    Resource("Topic", r"sns:", r"only_alarms_and_budgets"),
    Resource("Budget", r"budgets:", r"budget_tells"),
    Resource("Nightly stop", r"scheduler:", r"sleeps_at_night"),
    Resource("Roles of AWS Backup, flow log, nightly stop", r"iam:\w+ enssol-local-", r"sleeps_at_night"),
]


def said(call: dict[str, Any]) -> set[str]:
    """A call in words that patterns can tell apart: the service, the action, and of some what they act upon."""
    action, given = f"{call['service']}:{call['action']}", call["parameters"] or {}
    if call["service"] == "iam":
        return {f"{action} {given.get('RoleName') or given.get('InstanceProfileName') or given.get('PolicyName')}"}
    if action in {"ec2:CreateTags", "ec2:DeleteTags"}:
        return {f"{action} {one.partition('-')[0]}" for one in given["Resources"]}
    if action == "route53:ChangeResourceRecordSets":
        return {f"{action} {change['Action']}" for change in given["ChangeBatch"]["Changes"]}
    if action == "route53:ChangeTagsForResource":
        return {f"{action} {given['ResourceType']}"}
    return {action}


def steps(calls: Path) -> list[list[dict[str, Any]]]:
    """The calls of each step, in the order of STEPS."""
    found: list[tuple[str, list[dict[str, Any]]]] = [("killed", [])]
    for line in calls.read_text().splitlines():
        call = json.loads(line)
        if "mark" in call:
            found.append((call["mark"], []))
        else:
            found[-1][1].append(call)
    names = [name for name, _ in found]
    assert names == STEPS, f"The record has other steps than the scenario: {names}"
    return [asked for _, asked in found]


def changes(asked: list[dict[str, Any]]) -> set[str]:
    """What was asked to change, of these calls."""
    return {words for call in asked if not call["action"].startswith(READS) for words in said(call)}


def named(calls: set[str]) -> str:
    """Actions as a cell says them."""
    actions = {call.partition(":")[2].split(" ")[0] for call in calls}
    return ", ".join(f"`{action}`" for action in sorted(actions)) or "-"


def rows(calls: Path, junit: Path) -> list[str]:
    """The table, line by line."""
    killed, made, hand, repaired, again, _, removed = map(changes, steps(calls))
    passed = {
        case.get("name", "")
        for case in ET.parse(junit).iter("testcase")  # noqa: S314 - what pytest wrote a moment ago
        if case.find("failure") is None and case.find("error") is None and case.find("skipped") is None
    }
    lines = [
        "| Resource | Made | Second run | Read back | Changed by hand | Put back | Removed |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        mine = [{call for call in step if re.match(row.calls, call)} for step in (hand, repaired, again)]
        cells = [
            row.name,
            "yes" if any(re.match(row.calls, call) and MAKES.search(call) for call in killed | made) else "no",
            named(mine[2]) if mine[2] else "no change asked for",
            "yes" if any(re.search(row.tests, name) for name in passed) else "no",
            named(mine[0]),
            named(mine[1]),
            "yes"
            if any(re.match(row.calls, call) and REMOVES.search(call) for call in removed)
            else f"stays: {row.stays}"
            if row.stays
            else "no",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    print("\n".join(rows(Path(sys.argv[1]), Path(sys.argv[2]))))
