"""What the instance's role may do, read from IAM: its own things by name, and nothing that a star would let in."""

from __future__ import annotations

from typing import Any

import boto3

PREFIX = "arn:aws:s3:::enssol-local-backups-123456789012"
PARAMETERS = "arn:aws:ssm:ap-southeast-2:123456789012:parameter/enssol/local/*"


def statements() -> list[dict[str, Any]]:
    iam = boto3.client("iam")
    (name,) = iam.list_role_policies(RoleName="enssol-local")["PolicyNames"]
    found: list[dict[str, Any]] = iam.get_role_policy(RoleName="enssol-local", PolicyName=name)["PolicyDocument"][
        "Statement"
    ]
    return found


def starred(statement: dict[str, Any]) -> list[str]:
    """What of a statement is wider than one named thing, or one folder of ours."""
    # CloudWatch knows no resource of metrics: the namespace is the limit that AWS offers.
    if statement["Action"] == ["cloudwatch:PutMetricData"]:
        limit = statement.get("Condition", {}).get("StringEquals", {}).get("cloudwatch:namespace", "*")
        return ["*"] if "*" in limit else []
    actions = [action for action in statement["Action"] if "*" in action]
    resources = [
        resource
        for resource in statement["Resource"]
        # A star may stand for what lies in a folder of a bucket or of the parameters, and for nothing else.
        if "*" in resource and not (resource.endswith("/*") and resource.count("*") == 1 and resource.count("/") >= 2)
    ]
    return actions + resources


def test_the_role_has_no_other_policy_and_serves_instances_only() -> None:
    iam = boto3.client("iam")
    role = iam.get_role(RoleName="enssol-local")["Role"]
    assert iam.list_attached_role_policies(RoleName="enssol-local")["AttachedPolicies"] == []
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Effect"], trust["Principal"]) == ("Allow", {"Service": "ec2.amazonaws.com"})
    profile = iam.get_instance_profile(InstanceProfileName="enssol-local")["InstanceProfile"]
    assert [held["RoleName"] for held in profile["Roles"]] == ["enssol-local"]


def test_nothing_is_allowed_by_a_star() -> None:
    assert [starred(statement) for statement in statements()] == [[], [], [], [], []]
    # The judge itself would see one.
    assert starred({"Action": ["s3:*"], "Resource": ["*", "arn:aws:s3:::bucket/*"]}) == [
        "s3:*",
        "*",
        "arn:aws:s3:::bucket/*",
    ]
    assert starred({"Action": ["cloudwatch:PutMetricData"], "Resource": ["*"]}) == ["*"]


def test_the_role_may_do_this_and_no_more() -> None:
    found = {statement["Sid"]: (sorted(statement["Action"]), statement["Resource"]) for statement in statements()}
    (key,) = found.pop("OwnKey")[1]
    assert found == {
        "OwnObjects": (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"{PREFIX}/web/*"]),
        "OwnPrefixes": (["s3:ListBucket"], [PREFIX]),
        "OwnMetrics": (["cloudwatch:PutMetricData"], ["*"]),
        "OwnParameters": (["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], [PARAMETERS]),
    }
    aliases = boto3.client("kms").list_aliases()["Aliases"]
    assert [alias["AliasName"] for alias in aliases if alias.get("TargetKeyId", "?") in key] == ["alias/enssol-local"]
    (listing,) = [statement["Condition"] for statement in statements() if statement["Sid"] == "OwnPrefixes"]
    assert listing == {"StringLike": {"s3:prefix": ["web/*"]}}
    (metrics,) = [statement["Condition"] for statement in statements() if statement["Sid"] == "OwnMetrics"]
    assert metrics == {"StringEquals": {"cloudwatch:namespace": "enssol-local"}}
