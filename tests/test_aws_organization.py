"""Our modules for AWS Organizations against moto in this process: what a run meets that a person left as it is."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from test_aws_modules import account
from test_aws_roles import load

__all__ = ["account"]
ACCOUNTS = load("roles/aws_organization/library/organization_accounts.py")
POLICIES = load("roles/aws_organization/library/organization_policies.py")
MANAGER = "123456789012"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"]}]}


def asked(*names: str) -> dict[str, Any]:
    accounts = [{"name": name, "email": f"AWS+{name}@example.com", "tags": {"Owner": "us"}} for name in names]
    return {"accounts": accounts, "role_name": "OrganizationAccountAccessRole", "timeout": 1}


def test_accounts_are_previewed_made_and_known_by_their_address() -> None:
    client = boto3.client("organizations")
    preview = ACCOUNTS.hold(client, MANAGER, asked("one", "two"), dry=True)
    assert (preview["settings"], preview["accounts"]) == (["organization", "one", "two"], {"one": "", "two": ""})
    made = ACCOUNTS.hold(client, MANAGER, asked("one", "two"), dry=False)
    assert made["settings"] == preview["settings"]
    renamed = asked("one", "two")
    renamed["accounts"][0]["name"], renamed["accounts"][0]["email"] = "other", "aws+one@EXAMPLE.com"
    again = ACCOUNTS.hold(client, MANAGER, renamed, dry=False)
    assert again["changed"] is False
    assert again["accounts"] == {"other": made["accounts"]["one"], "two": made["accounts"]["two"]}


def test_an_organisation_that_stands_is_used_with_what_is_in_it() -> None:
    client = boto3.client("organizations")
    client.create_organization(FeatureSet="ALL")
    client.create_account(AccountName="by hand", Email="hand@example.com")
    assert ACCOUNTS.hold(client, MANAGER, asked("one"), dry=False)["settings"] == ["one"]
    names = {one["Name"] for one in client.list_accounts()["Accounts"]}
    assert {"by hand", "one"} <= names


def test_credentials_of_a_member_are_refused() -> None:
    client = boto3.client("organizations")
    client.create_organization(FeatureSet="ALL")
    with pytest.raises(ACCOUNTS.RefusedError, match=f"use those of {MANAGER}"):
        ACCOUNTS.hold(client, "999999999999", asked("one"), dry=False)


def test_an_organisation_that_knows_no_policies_is_refused() -> None:
    client = boto3.client("organizations")
    client.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    with pytest.raises(ACCOUNTS.RefusedError, match="enable-all-features"):
        ACCOUNTS.hold(client, MANAGER, asked("one"), dry=False)


class Slow:
    """Organizations while it makes an account: it answers IN_PROGRESS so often, then something else."""

    def __init__(self, answers: list[dict[str, str]], begun: list[dict[str, str]] | None = None) -> None:
        self.answers, self.begun, self.asked = answers, begun or [], 0

    def get_paginator(self, name: str) -> Slow:
        assert name == "list_create_account_status"
        return self

    def paginate(self, **options: Any) -> list[dict[str, Any]]:
        assert options == {"States": ["IN_PROGRESS"]}
        return [{"CreateAccountStatuses": self.begun}]

    def create_account(self, **options: Any) -> dict[str, Any]:
        assert options["AccountName"] == "one"
        self.asked += 1
        return {"CreateAccountStatus": {"Id": "car-1", "State": "IN_PROGRESS"}}

    def describe_create_account_status(self, **options: Any) -> dict[str, Any]:
        assert options == {"CreateAccountRequestId": "car-1"}
        return {"CreateAccountStatus": {"Id": "car-1", **self.answers.pop(0)}}


RUNNING, DONE = {"State": "IN_PROGRESS"}, {"State": "SUCCEEDED", "AccountId": "111111111111"}
ONE = asked("one")["accounts"][0]


def test_an_account_is_waited_for() -> None:
    slow = Slow([RUNNING, RUNNING, DONE])
    assert (ACCOUNTS.make(slow, ONE, asked(), pause=0), slow.asked) == ("111111111111", 1)


def test_an_account_that_a_run_before_began_is_not_made_twice() -> None:
    begun = [{"Id": "car-2", "AccountName": "other", **RUNNING}, {"Id": "car-1", "AccountName": "one", **RUNNING}]
    slow = Slow([DONE], begun)
    assert (ACCOUNTS.make(slow, ONE, asked(), pause=0), slow.asked) == ("111111111111", 0)


@pytest.mark.parametrize(
    ("answers", "timeout", "says"),
    [
        ([{"State": "FAILED", "FailureReason": "EMAIL_ALREADY_EXISTS"}], 60, "EMAIL_ALREADY_EXISTS"),
        ([RUNNING], -1, "run it again"),
    ],
)
def test_an_account_that_aws_does_not_make_or_not_in_time_is_said(
    answers: list[dict[str, str]], timeout: int, says: str
) -> None:
    with pytest.raises(ACCOUNTS.RefusedError, match=says):
        ACCOUNTS.make(Slow(answers), ONE, {**asked(), "timeout": timeout}, pause=0)


def test_policies_of_others_and_what_they_bind_are_left_alone() -> None:
    client = boto3.client("organizations")
    one = ACCOUNTS.hold(client, MANAGER, asked("one"), dry=False)["accounts"]["one"]
    rail = {"name": "ours", "why": "Ours", "content": DENY, "accounts": [one], "tags": {"Owner": "us"}}
    assert POLICIES.hold(client, {"policies": [rail]}, dry=False)["settings"] == ["policy_type", "ours"]
    other = client.create_policy(Name="theirs", Description="x", Content="{}", Type=POLICIES.KIND)
    theirs = other["Policy"]["PolicySummary"]["Id"]
    client.attach_policy(PolicyId=theirs, TargetId=one)
    assert POLICIES.hold(client, {"policies": [rail]}, dry=False)["changed"] is False
    freed = {**rail, "accounts": []}
    assert POLICIES.hold(client, {"policies": [freed]}, dry=False)["settings"] == ["ours"]
    bound = client.list_policies_for_target(TargetId=one, Filter=POLICIES.KIND)["Policies"]
    assert {policy["Name"] for policy in bound} == {"FullAWSAccess", "theirs"}
