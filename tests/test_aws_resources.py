"""The list with which a decommission ends: what of an estate is left is on it, and what is another's is not."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from test_aws_modules import account
from test_aws_protection_modules import ALARMS, SCHEDULE, STOP, nightly, schedule, watched
from test_aws_roles import load

__all__ = ["account"]
RESOURCES = load("roles/estate/library/estate_resources.py")
TAGS = {"Project": "enssol", "Environment": "test"}
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def left() -> list[str]:
    return [*RESOURCES.of_account(boto3, TAGS, "enssol-test")]


def test_nothing_is_left_of_an_estate_that_is_not_there() -> None:
    assert left() == []


@pytest.mark.parametrize("whose", ["enssol-test", "enssol-other"])
def test_what_is_left_is_listed_and_what_is_anothers_is_not(whose: str) -> None:
    environment = {"Key": "Environment", "Value": whose.removeprefix("enssol-")}
    tags = [{"Key": "Project", "Value": "enssol"}, environment]
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"][
        "VpcId"
    ]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])[
        "PublicIp"
    ]
    for role in (whose, f"{whose}-backup", f"{whose}-shutdown"):
        boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    topic = boto3.client("sns").create_topic(Name=whose)["TopicArn"]
    alarms: dict[str, Any] = watched(name=f"{whose}-disk")
    ALARMS.hold(boto3.client("cloudwatch"), {**alarms, "alarms": alarms["alarms"][:1]}, dry=False)
    SCHEDULE.hold(boto3.client("backup"), schedule(name=whose), dry=False)
    STOP.hold(boto3.client("scheduler"), nightly(name=whose), dry=False)
    expected = {
        vpc,
        address,
        f"role {whose}",
        f"role {whose}-shutdown",
        f"alarm {whose}-disk",
        topic,
        f"backup plan {whose}",
        f"schedule {whose}",
    }
    assert set(left()) == (expected if whose == "enssol-test" else set())
