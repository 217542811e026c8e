#!/usr/bin/python
"""Ansible module: a private S3 bucket with all that makes it one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: s3_private_bucket
short_description: Make a private bucket and hold it to its settings
description:
  - amazon.aws.s3_bucket and community.aws.s3_lifecycle cannot preview (check mode skips them) and set no default object
    lock. This module does, for private buckets only.
  - Such a bucket blocks public access, knows no ACL, is encrypted, answers over TLS only, and gives up unfinished
    uploads after a week. A bucket is never removed.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: Name of the bucket.
    type: str
    required: true
  kms_key_id:
    description: ARN of the key that encrypts; empty for S3's own (SSE-S3), which is all that AWS's log deliveries can
      write with.
    type: str
    default: ""
  versioning:
    description: Whether overwritten and deleted objects are kept as versions.
    type: bool
    default: true
  lock_days:
    description: Days during which no version can be deleted (object lock in governance mode); 0 for no lock. A lock
      must be given to a bucket when it is made.
    type: int
    default: 0
  expire_days:
    description: Days after which an object expires; 0 for never.
    type: int
    default: 0
  expired_days:
    description: Days after which a version that is no longer the current one is removed; 0 for never.
    type: int
    default: 0
  statements:
    description: Statements of the bucket's policy besides the one that refuses what does not come over TLS.
    type: list
    elements: dict
    default: []
  log_bucket:
    description: Bucket that gets the access log; empty for none.
    type: str
    default: ""
  tags:
    description: All tags of the bucket.
    type: dict
    default: {}
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Make the bucket of the backups
  s3_private_bucket:
    name: enssol-production-backups-123456789012
    lock_days: 30
    expire_days: 30
"""

RETURN = """
settings:
  description: Names of the settings that differed; `bucket` when it was not there.
  type: list
  elements: str
  returned: always
"""

Client = Any
BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# What S3 answers when nothing was set.
UNSET = {
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "ObjectLockConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


class Setting(NamedTuple):
    """One setting of a bucket: how it is read and how it is written."""

    read: Callable[[Client, str], Any]
    write: Callable[[Client, str, Any], object]


def sorted_rules(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted(answer["Rules"], key=lambda rule: str(rule["ID"]))


def write_lifecycle(s3: Client, name: str, rules: list[dict[str, Any]]) -> object:
    return s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def encryption_of(s3: Client, name: str) -> dict[str, Any]:
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "ApplyServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def lock_of(s3: Client, name: str) -> dict[str, Any]:
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    # A lock is given in days or in years; the stand-in answers with both.
    retention = {field: value for field, value in lock.get("Rule", {}).get("DefaultRetention", {}).items() if value}
    return {"ObjectLockEnabled": lock["ObjectLockEnabled"], "Rule": {"DefaultRetention": retention}}


SETTINGS = {
    "versioning": Setting(
        lambda s3, name: s3.get_bucket_versioning(Bucket=name).get("Status", ""),
        lambda s3, name, value: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": value}),
    ),
    "lock": Setting(
        lock_of,
        lambda s3, name, value: s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=value),
    ),
    "public_access": Setting(
        lambda s3, name: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        lambda s3, name, value: s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=value),
    ),
    "ownership": Setting(
        lambda s3, name: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        lambda s3, name, value: s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=value),
    ),
    "encryption": Setting(
        encryption_of,
        lambda s3, name, value: s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [value]}
        ),
    ),
    "lifecycle": Setting(
        lambda s3, name: sorted_rules(s3.get_bucket_lifecycle_configuration(Bucket=name)),
        write_lifecycle,
    ),
    "logging": Setting(
        lambda s3, name: {
            field: s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {}).get(field)
            for field in ("TargetBucket", "TargetPrefix")
        },
        lambda s3, name, value: s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": value}),
    ),
    "tags": Setting(
        lambda s3, name: {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]},
        lambda s3, name, value: s3.put_bucket_tagging(
            Bucket=name, Tagging={"TagSet": [{"Key": key, "Value": text} for key, text in value.items()]}
        ),
    ),
    # The last: it may refuse the writer.
    "policy": Setting(
        lambda s3, name: json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]),
        lambda s3, name, value: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(value)),
    ),
}


def lifecycle_of(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules of a bucket, in the order of their ids."""
    everything: dict[str, Any] = {"Status": "Enabled", "Filter": {"Prefix": ""}}
    rules = [{**everything, "ID": "unfinished", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]
    if params["expire_days"]:
        rules.append({**everything, "ID": "expire", "Expiration": {"Days": params["expire_days"]}})
    if params["expired_days"]:
        version = {"NoncurrentDays": params["expired_days"]}
        rules.append({**everything, "ID": "expired", "NoncurrentVersionExpiration": version})
    return sorted_rules({"Rules": rules})


def policy_of(params: Mapping[str, Any], partition: str) -> dict[str, Any]:
    """The bucket's policy: nothing without TLS, then what else is allowed."""
    arn = f"arn:{partition}:s3:::{params['name']}"
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [tls_only, *params["statements"]]}


def wanted_of(params: Mapping[str, Any], partition: str) -> dict[str, Any]:
    """Say the module's options as S3 says them; a setting that nothing is asked of is left out."""
    key = {"SSEAlgorithm": "AES256"}
    if params["kms_key_id"]:
        key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": params["kms_key_id"]}
    wanted: dict[str, Any] = {
        "versioning": "Enabled" if params["versioning"] else "",
        "public_access": dict.fromkeys(BLOCKED, True),
        "ownership": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "encryption": {"ApplyServerSideEncryptionByDefault": key, "BucketKeyEnabled": bool(params["kms_key_id"])},
        "lifecycle": lifecycle_of(params),
        "tags": {name: str(value) for name, value in params["tags"].items()},
        "policy": policy_of(params, partition),
    }
    if params["lock_days"]:
        retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": params["lock_days"]}}
        wanted["lock"] = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    if params["log_bucket"]:
        wanted["logging"] = {"TargetBucket": params["log_bucket"], "TargetPrefix": f"{params['name']}/"}
    return wanted


def code_of(error: Exception) -> str:
    """S3's word for what went wrong."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def read(s3: Client, name: str, setting: str) -> Any:
    """Read one setting; None when it was never set."""
    try:
        return SETTINGS[setting].read(s3, name)
    except s3.exceptions.ClientError as error:
        if code_of(error) not in UNSET:
            raise
        return None


def stands(s3: Client, name: str) -> bool:
    """Tell whether the bucket is there; raises ClientError when it is somebody else's."""
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError as error:
        if code_of(error) not in {"404", "NoSuchBucket"}:
            raise
        return False
    return True


def create(s3: Client, params: Mapping[str, Any]) -> None:
    region = s3.meta.region_name
    # us-east-1 is the one region that must not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(
        Bucket=params["name"],
        ObjectOwnership="BucketOwnerEnforced",
        ObjectLockEnabledForBucket=bool(params["lock_days"]),
        **place,
    )


def hold(s3: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer.

    Raises botocore's ClientError when S3 refuses.
    """
    name, wanted = params["name"], wanted_of(params, s3.meta.partition)
    made = not stands(s3, name)
    if made and not dry:
        create(s3, params)
    before = {setting: None if made and dry else read(s3, name, setting) for setting in wanted}
    differing = [setting for setting in SETTINGS if setting in wanted and before[setting] != wanted[setting]]
    for setting in [] if dry else differing:
        SETTINGS[setting].write(s3, name, wanted[setting])
    return {
        "changed": bool(made or differing),
        "settings": [*(["bucket"] if made else []), *differing],
        "diff": {
            "before": {} if made else {setting: before[setting] for setting in differing},
            "after": {setting: wanted[setting] for setting in differing},
        },
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "kms_key_id": {"type": "str", "default": "", "no_log": False},
            "versioning": {"type": "bool", "default": True},
            "lock_days": {"type": "int", "default": 0},
            "expire_days": {"type": "int", "default": 0},
            "expired_days": {"type": "int", "default": 0},
            "statements": {"type": "list", "elements": "dict", "default": []},
            "log_bucket": {"type": "str", "default": ""},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("s3"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"S3 refused to show or change the bucket {module.params['name']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
