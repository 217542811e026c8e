"""The ten tags, read back from every resource of AWS's that can carry them, each by its own service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from test_read_back import TAGS, encryption_key

NAME, ACCOUNT = "enssol-local", "123456789012"
Tags = dict[str, str]


def pairs(found: list[dict[str, str]]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in found}


def of_ec2() -> dict[str, dict[str, Tags]]:
    """The tags of each resource that carries our project, by the beginning of its id and by its tag Name."""
    found: dict[str, Tags] = {}
    for tag in boto3.client("ec2").describe_tags()["Tags"]:
        found.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    mine: dict[str, dict[str, Tags]] = {}
    for resource, tags in found.items():
        if tags.get("Project") == "enssol":
            kind = mine.setdefault(resource.partition("-")[0], {})
            # A second of the same name would hide the first.
            assert tags["Name"] not in kind
            kind[tags["Name"]] = tags
    return mine


def of_alarm(name: str) -> Tags:
    cloudwatch = boto3.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{NAME}-{name}"])["MetricAlarms"]
    return pairs(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"])


def of_bucket(name: str) -> Tags:
    return pairs(boto3.client("s3").get_bucket_tagging(Bucket=name)["TagSet"])


def of_role(name: str) -> Tags:
    return pairs(boto3.client("iam").list_role_tags(RoleName=name)["Tags"])


def of_profile() -> Tags:
    return pairs(boto3.client("iam").get_instance_profile(InstanceProfileName=NAME)["InstanceProfile"]["Tags"])


def of_backup(kind: str) -> Tags:
    backup = boto3.client("backup")
    if kind == "vault":
        (arn,) = [vault["BackupVaultArn"] for vault in backup.list_backup_vaults()["BackupVaultList"]]
    else:
        (arn,) = [plan["BackupPlanArn"] for plan in backup.list_backup_plans()["BackupPlansList"]]
    found: Tags = backup.list_tags(ResourceArn=arn)["Tags"]
    return found


def of_budget() -> Tags:
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{NAME}"
    return pairs(boto3.client("budgets").list_tags_for_resource(ResourceARN=arn)["ResourceTags"])


def of_log_group() -> Tags:
    arn = f"arn:aws:logs:ap-southeast-2:{ACCOUNT}:log-group:/enssol/local/flow"
    found: Tags = boto3.client("logs").list_tags_for_resource(resourceArn=arn)["tags"]
    return found


def of_topic() -> Tags:
    arn = f"arn:aws:sns:ap-southeast-2:{ACCOUNT}:{NAME}"
    return pairs(boto3.client("sns").list_tags_for_resource(ResourceArn=arn)["Tags"])


def of_check() -> Tags:
    route53 = boto3.client("route53")
    (check,) = route53.list_health_checks()["HealthChecks"]
    answer = route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"])
    return pairs(answer["ResourceTagSet"]["Tags"])


def of_key() -> Tags:
    answer = boto3.client("kms").list_resource_tags(KeyId=encryption_key()["KeyId"])
    return {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]}


EC2 = {
    "vpc": [NAME],
    "subnet": [f"{NAME}-{kind}-{zone}" for kind in ("private", "public") for zone in "ab"],
    "igw": [NAME],
    "rtb": [f"{NAME}-private", f"{NAME}-public"],
    "vpce": [f"{NAME}-s3"],
    "sg": [NAME],
    "key": [NAME],
    "i": [NAME],
    "vol": [NAME],
    "eni": [NAME],
    "eipalloc": [NAME],
    "fl": [NAME],
}


@pytest.mark.parametrize("kind", EC2)
def test_all_ten_tags_on_what_ec2_holds(kind: str) -> None:
    assert of_ec2()[kind] == {name: {**TAGS, "Name": name} for name in EC2[kind]}


def test_ec2_holds_nothing_else_of_ours() -> None:
    assert set(of_ec2()) == set(EC2)


@pytest.mark.parametrize(
    "name", [f"{NAME}-{one}-{ACCOUNT}" for one in ("backups", "logs")], ids=lambda name: str(name).split("-")[2]
)
def test_all_ten_tags_on_a_bucket(name: str) -> None:
    assert of_bucket(name) == {**TAGS, "Name": name}


@pytest.mark.parametrize(
    "read",
    [
        of_profile,
        of_budget,
        of_log_group,
        of_topic,
        of_check,
        of_key,
        *(
            lambda name=name: of_role(name)
            for name in (NAME, f"{NAME}-backup", f"{NAME}-flow-logs", f"{NAME}-shutdown")
        ),
        *(lambda kind=kind: of_backup(kind) for kind in ("vault", "plan")),
        *(
            lambda name=name: of_alarm(name)
            for name in ("status", "credits", "disk", "errors", "certificate", "backup", "drill")
        ),
    ],
)
def test_all_ten_tags_elsewhere(read: Callable[[], Any]) -> None:
    assert read() == TAGS
