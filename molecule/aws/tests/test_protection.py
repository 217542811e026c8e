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
        ("status", "StatusCheckFailed", ("Maximum", "GreaterThanOrEqualToThreshold", 1.0, 60, "notBreaching")),
        ("credits", "CPUCreditBalance", ("Average", "LessThanThreshold", 10.0, 300, "missing")),
        ("disk", "DiskUsed", ("Maximum", "GreaterThanThreshold", 85.0, 300, "notBreaching")),
        ("errors", "ServerErrors", ("Sum", "GreaterThanThreshold", 5.0, 300, "notBreaching")),
        ("certificate", "CertificateDays", ("Minimum", "LessThanThreshold", 14.0, 300, "notBreaching")),
        ("backup", "BackupHours", ("Maximum", "GreaterThanThreshold", 36.0, 300, "notBreaching")),
        ("drill", "DrillHours", ("Maximum", "GreaterThanThreshold", 36.0, 300, "notBreaching")),
    ],
)
# The host of the scenario sleeps at night, so that its silence is no fault.
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


def test_the_instance_sleeps_at_night_by_a_role_that_stops_it_alone_and_only_while_it_is_tagged() -> None:
    schedule = boto3.client("scheduler").get_schedule(Name="enssol-local")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("cron(0 20 * * ? *)", "ENABLED")
    assert schedule["ScheduleExpressionTimezone"] == "Australia/Sydney"
    instance, role = account()["instance"]["InstanceId"], "enssol-local-shutdown"
    assert schedule["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    assert schedule["Target"]["RoleArn"].endswith(f":role/{role}")
    assert json.loads(schedule["Target"]["Input"]) == {"InstanceIds": [instance]}
    iam = boto3.client("iam")
    (statement,) = iam.get_role_policy(RoleName=role, PolicyName="own")["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["ec2:StopInstances"]
    assert statement["Resource"] == [f"arn:aws:ec2:ap-southeast-2:123456789012:instance/{instance}"]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/AutoShutdown": "true"}}
    (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
