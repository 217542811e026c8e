"""What S3 says about the buckets: one row per setting."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from test_read_back import TAGS, encryption_key

BACKUPS = "enssol-local-backups-123456789012"
LOGS = "enssol-local-logs-123456789012"


def s3() -> Any:
    return boto3.client("s3")


def test_there_are_these_buckets_and_no_other() -> None:
    assert {bucket["Name"] for bucket in s3().list_buckets()["Buckets"]} == {BACKUPS, LOGS}


@pytest.mark.parametrize("name", [BACKUPS, LOGS])
def test_a_bucket_is_private_versioned_tagged_and_answers_over_tls_only(name: str) -> None:
    assert s3().get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert set(s3().get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    owner = s3().get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert {tag["Key"]: tag["Value"] for tag in s3().get_bucket_tagging(Bucket=name)["TagSet"]} == {
        **TAGS,
        "Name": name,
    }
    refusal = json.loads(s3().get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]
    assert (refusal["Effect"], refusal["Action"], refusal["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
    assert refusal["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        (BACKUPS, {("Expiration", 30), ("NoncurrentVersionExpiration", 31), ("AbortIncompleteMultipartUpload", 7)}),
        (LOGS, {("Expiration", 90), ("NoncurrentVersionExpiration", 1), ("AbortIncompleteMultipartUpload", 7)}),
    ],
)
def test_how_long_a_bucket_keeps(name: str, rules: set[tuple[str, int]]) -> None:
    found = {
        (action, next(iter(rule[action].values())))
        for rule in s3().get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        for action in ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
        if action in rule and rule["Status"] == "Enabled" and rule["Filter"] == {"Prefix": ""}
    }
    assert found == rules


@pytest.mark.parametrize(("name", "algorithm"), [(BACKUPS, "aws:kms"), (LOGS, "AES256")])
def test_what_encrypts_a_bucket(name: str, algorithm: str) -> None:
    (rule,) = s3().get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == algorithm
    if algorithm == "aws:kms":
        assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == encryption_key()["Arn"]


def test_backups_are_locked_and_their_access_is_logged() -> None:
    lock = s3().get_object_lock_configuration(Bucket=BACKUPS)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (lock["ObjectLockEnabled"], retention["Mode"], retention["Days"]) == ("Enabled", "GOVERNANCE", 30)
    logging = s3().get_bucket_logging(Bucket=BACKUPS)["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (LOGS, f"{BACKUPS}/")


def test_only_aws_itself_delivers_logs_and_for_this_account_only() -> None:
    statements = json.loads(s3().get_bucket_policy(Bucket=LOGS)["Policy"])["Statement"][1:]
    assert {statement["Principal"]["Service"] for statement in statements} == {
        "logging.s3.amazonaws.com",
        "logdelivery.elasticloadbalancing.amazonaws.com",
        "delivery.logs.amazonaws.com",
    }
    deeds = [(statement["Action"], statement["Resource"]) for statement in statements]
    assert deeds == [(["s3:PutObject"], f"arn:aws:s3:::{LOGS}/*")] * 3 + [(["s3:GetBucketAcl"], f"arn:aws:s3:::{LOGS}")]
    for statement in statements:
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
