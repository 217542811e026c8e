"""What guards the estate, read back: alarms, the topic they tell, the budget, snapshots."""

from __future__ import annotations

import json

import boto3
import pytest
from test_read_back import TAGS, account, encryption_key

TOPIC = "arn:aws:sns:ap-southeast-2:123456789012:enssol-local"


@pytest.mark.parametrize(
    ("name", "metric", "rule"),
    [
        ("status", "StatusCheckFailed", ("Maximum", "GreaterThanOrEqualToThreshold", 1.0, 60, "breaching")),
        ("credits", "CPUCreditBalance", ("Average", "LessThanThreshold", 10.0, 300, "missing")),
        ("disk", "DiskUsed", ("Maximum", "GreaterThanThreshold", 85.0, 300, "breaching")),
        ("errors", "ServerErrors", ("Sum", "GreaterThanThreshold", 5.0, 300, "notBreaching")),
        ("certificate", "CertificateDays", ("Minimum", "LessThanThreshold", 14.0, 300, "breaching")),
        ("backup", "BackupHours", ("Maximum", "GreaterThanThreshold", 36.0, 300, "breaching")),
    ],
)
def test_an_alarm_watches_and_tells_the_topic(name: str, metric: str, rule: tuple[object, ...]) -> None:
    (alarm,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[f"enssol-local-{name}"])["MetricAlarms"]
    aws = name in {"status", "credits"}
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/EC2" if aws else "enssol-local", metric)
    fields = ("Statistic", "ComparisonOperator", "Threshold", "Period", "TreatMissingData")
    assert tuple(alarm[field] for field in fields) == rule
    instance = [{"Name": "InstanceId", "Value": account()["instance"]["InstanceId"]}]
    assert alarm["Dimensions"] == (instance if aws else [{"Name": "Site", "Value": "app.enssol.test"}])
    assert (alarm["EvaluationPeriods"], alarm["AlarmActions"], alarm["OKActions"]) == (3, [TOPIC], [TOPIC])


def test_only_alarms_and_budgets_of_this_account_are_told() -> None:
    sns = boto3.client("sns")
    (statement,) = json.loads(sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", TOPIC)
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    found = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=TOPIC)["Tags"]}
    assert found == TAGS


def test_the_budget_tells_before_and_after_it_is_spent() -> None:
    budgets, which = boto3.client("budgets"), {"AccountId": "123456789012", "BudgetName": "enssol-local"}
    budget = budgets.describe_budget(**which)["Budget"]
    assert (float(budget["BudgetLimit"]["Amount"]), budget["TimeUnit"]) == (1.0, "MONTHLY")
    assert budget["CostFilters"] == {"TagKeyValue": ["user:Environment$local"]}
    told = budgets.describe_notifications_for_budget(**which)["Notifications"]
    assert {one["NotificationType"] for one in told} == {"ACTUAL", "FORECASTED"}


def test_snapshots_are_taken_into_a_locked_vault_and_kept_for_30_days() -> None:
    backup = boto3.client("backup")
    (vault,) = backup.list_backup_vaults()["BackupVaultList"]
    assert (vault["BackupVaultName"], vault["Locked"], vault["MinRetentionDays"]) == ("enssol-local", True, 30)
    assert vault["EncryptionKeyArn"] == encryption_key()["Arn"]
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    rules = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert {(rule["RuleName"], rule["ScheduleExpression"], rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules} == {
        ("daily", "cron(0 16 * * ? *)", 30),
        ("weekly", "cron(0 18 ? * SAT *)", 30),
    }
    (selection,) = backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
    assert selection["IamRoleArn"] == "arn:aws:iam::123456789012:role/enssol-local-backup"
