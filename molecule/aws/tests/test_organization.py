"""The management account: accounts and what binds them, previewed, made, unchanged, changed by hand, put back."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from test_policies import judged
from test_read_back import TAGS

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "444444444444"
EMAILS = {"production": "aws+production@example.com", "development": "aws+development@example.com"}
# What only an environment knows is fixed here.
SHARED = {**TAGS, "Component": "account"}


def manager() -> dict[str, str]:
    """Credentials of the management account."""
    role = f"arn:aws:iam::{ACCOUNT}:role/manager"
    got = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
        "AWS_SESSION_TOKEN": got["SessionToken"],
    }


def client() -> Any:
    return boto3.client("organizations", **{name.lower(): value for name, value in manager().items()})


def run(*options: str, emails: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    given = json.dumps({"aws_organization_emails": EMAILS if emails is None else emails})
    command = ["ansible-playbook", "-i", "localhost,", "playbooks/organization.yml", "-e", given, *options]
    environment = {**os.environ, **manager(), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def changed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


@pytest.fixture(scope="module")
def made() -> str:
    """What the first run printed, after a preview that made nothing."""
    assert changed(run("--check", "--diff")) == 2
    with pytest.raises(client().exceptions.AWSOrganizationsNotInUseException):
        client().describe_organization()
    done = run()
    assert changed(done) == 2
    return done.stdout


def accounts() -> dict[str, dict[str, Any]]:
    return {account["Name"]: account for account in client().list_accounts()["Accounts"] if account["Id"] != ACCOUNT}


def tags(resource: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in client().list_tags_for_resource(ResourceId=resource)["Tags"]}


def policies() -> dict[str, dict[str, Any]]:
    found = client().list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    return {policy["Name"]: policy for policy in found if not policy["AwsManaged"]}


def content(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client().describe_policy(PolicyId=policies()[name]["Id"])["Policy"]["Content"])
    return found


@pytest.mark.parametrize("environment", EMAILS)
def test_an_environment_has_an_account_with_all_ten_tags(made: str, environment: str) -> None:
    account = accounts()[f"enssol-{environment}"]
    assert (account["Email"], account["Status"]) == (EMAILS[environment], "ACTIVE")
    assert tags(account["Id"]) == {**SHARED, "Name": f"enssol-{environment}", "Environment": environment}
    said = " ".join(made.split())
    assert f"set estate_aws_account_id to {account['Id']}" in said
    assert f"arn:aws:iam::{account['Id']}:role/OrganizationAccountAccessRole" in said


@pytest.mark.parametrize(
    ("rail", "bound"),
    [("everywhere", ["development", "production"]), ("production", ["production"]), ("thrift", ["development"])],
)
def test_a_policy_binds_these_accounts_and_no_other(made: str, rail: str, bound: list[str]) -> None:
    policy = policies()[f"enssol-{rail}"]["Id"]
    assert {target["TargetId"] for target in client().list_targets_for_policy(PolicyId=policy)["Targets"]} == {
        accounts()[f"enssol-{environment}"]["Id"] for environment in bound
    }
    assert tags(policy) == {**SHARED, "Name": f"enssol-{rail}", "Environment": rail}
    (root,) = client().list_roots()["Roots"]
    assert {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"} in root["PolicyTypes"]


def test_the_policies_take_away_and_grant_nothing(made: str) -> None:
    assert set(policies()) == {"enssol-everywhere", "enssol-production", "enssol-thrift"}
    statements = {statement["Sid"]: statement for name in policies() for statement in content(name)["Statement"]}
    assert {statement["Effect"] for statement in statements.values()} == {"Deny"}
    assert statements["Stay"]["Action"] == ["organizations:LeaveOrganization"]
    assert statements["DoWithoutRoot"]["Condition"] == {"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::*:root"]}}
    regions = statements["KeepToTheRegions"]["Condition"]["StringNotEquals"]["aws:RequestedRegion"]
    assert regions == ["ap-southeast-2", "us-east-1"]
    assert statements["KeepBuckets"]["Resource"] == ["arn:aws:s3:::enssol-production-*"]
    assert "backup:DeleteRecoveryPoint" in statements["KeepBackups"]["Action"]
    assert "t2.*" in statements["SmallInstances"]["Condition"]["StringNotLike"]["ec2:InstanceType"]


def test_aws_would_take_the_policies(made: str, tmp_path: Path) -> None:
    resources = {
        name.title().replace("-", ""): {
            "Type": "AWS::Organizations::Policy",
            "Properties": {"Name": name, "Type": "SERVICE_CONTROL_POLICY", "Content": content(name)},
        }
        for name in policies()
    }
    assert judged(resources, tmp_path) == []
    # The limit of a service control policy, in bytes as they are sent.
    assert all(len(json.dumps(content(name), separators=(",", ":"))) <= 5120 for name in policies())


def test_a_second_run_and_its_preview_change_nothing(made: str) -> None:
    assert changed(run("--check", "--diff")) == 0
    assert changed(run()) == 0


def test_drift_is_reported_then_repaired_and_then_nothing_changes(made: str) -> None:
    organizations, production = client(), accounts()["enssol-production"]["Id"]
    loose = policies()["enssol-production"]["Id"]
    organizations.detach_policy(PolicyId=loose, TargetId=production)
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    organizations.update_policy(PolicyId=policies()["enssol-everywhere"]["Id"], Content=json.dumps(allow))
    organizations.untag_resource(ResourceId=production, TagKeys=["Owner"])
    organizations.untag_resource(ResourceId=policies()["enssol-thrift"]["Id"], TagKeys=["Owner"])
    preview = run("--check", "--diff")
    assert changed(preview) == 2
    assert all(f"after: enssol-{name}" in preview.stdout for name in ("everywhere", "production", "thrift"))
    assert organizations.list_targets_for_policy(PolicyId=loose)["Targets"] == []
    assert changed(run()) == 2
    assert changed(run()) == 0
    bound = organizations.list_targets_for_policy(PolicyId=loose)["Targets"]
    assert [target["TargetId"] for target in bound] == [production]
    assert {statement["Effect"] for statement in content("enssol-everywhere")["Statement"]} == {"Deny"}
    assert tags(production)["Owner"] == TAGS["Owner"]


@pytest.mark.parametrize(
    ("emails", "says"),
    [
        ({}, "aws_organization_emails: say who owns which account"),
        ({"test": "aws@example.com"}, "the environments are production, staging and development"),
        ({"production": "nobody"}, "aws_organization_emails: write addresses"),
        ({"production": "aws@example.com", "staging": "AWS@example.com"}, "two accounts cannot have one address"),
    ],
)
def test_addresses_that_aws_would_refuse_are_refused_before_any_call(emails: dict[str, str], says: str) -> None:
    done = run(emails=emails)
    assert done.returncode != 0
    assert says in " ".join(done.stdout.split())
    assert "changed=0" in done.stdout
