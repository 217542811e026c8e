"""Every policy that stands in the account, judged by cfn-lint: each action known, each word where AWS wants it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from test_read_back import encryption_key


def judged(resources: dict[str, Any], folder: Path) -> list[str]:
    """What cfn-lint says of them, one line a finding: its rules for policies are of AWS's own schemas and lists."""
    template = folder / "template.json"
    template.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, indent=1))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", "--regions", "ap-southeast-2"]
    done = subprocess.run([*command, "--", str(template)], capture_output=True, text=True, check=False)
    # Without a finding it ends with 0, with findings between 2 and 14; other ends are its own.
    assert done.returncode in {0, 2, 4, 6, 8, 10, 12, 14}, done.stderr
    return done.stdout.splitlines()


def identity_policies() -> dict[str, Any]:
    """Each role of ours as CloudFormation would write it, with its trust and its own policies."""
    iam = boto3.client("iam")
    found: dict[str, Any] = {}
    for role in iam.list_roles()["Roles"]:
        names = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        own = [iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name) for name in names]
        properties = {
            "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
            "Policies": [{"PolicyName": one["PolicyName"], "PolicyDocument": one["PolicyDocument"]} for one in own],
        }
        found[f"Role{len(found)}"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    return found


def resource_policies() -> dict[str, Any]:
    """The policies of buckets, topics and the encryption key."""
    s3, sns, kms = boto3.client("s3"), boto3.client("sns"), boto3.client("kms")
    found: dict[str, Any] = {}
    for bucket in s3.list_buckets()["Buckets"]:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket["Name"])["Policy"])
        properties = {"Bucket": bucket["Name"], "PolicyDocument": policy}
        found[f"Bucket{len(found)}"] = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
    for topic in sns.list_topics()["Topics"]:
        policy = json.loads(sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["Policy"])
        properties = {"Topics": [topic["TopicArn"]], "PolicyDocument": policy}
        found[f"Topic{len(found)}"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    policy = json.loads(kms.get_key_policy(KeyId=encryption_key()["KeyId"], PolicyName="default")["Policy"])
    properties = {"EnableKeyRotation": True, "KeyPolicy": policy}
    return found | {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}}


def test_no_policy_has_a_finding(tmp_path: Path) -> None:
    standing = identity_policies() | resource_policies()
    assert [kind["Type"].split("::")[1] for kind in standing.values()] == [
        "IAM",
        "IAM",
        "IAM",
        "IAM",
        "S3",
        "S3",
        "SNS",
        "KMS",
    ]
    assert judged(standing, tmp_path) == []


def test_the_judge_knows_an_action_that_does_not_exist_and_a_condition_that_is_none(tmp_path: Path) -> None:
    bad = {"Effect": "Allow", "Action": ["s3:GetObjekt"], "Resource": ["*"], "Condition": {"Bol": {"a:b": "true"}}}
    document = {"Version": "2012-10-17", "Statement": [bad]}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    said = " ".join(judged({"Policy": policy}, tmp_path))
    assert "'getobjekt' is not one of" in said
    assert "'Bol' does not match" in said
