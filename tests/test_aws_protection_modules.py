"""The modules that guard the estate, against moto in this process: previewed, made, unchanged, drifted, put back."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from test_aws_modules import account
from test_aws_roles import load

SCHEDULE = load("roles/aws_protection/library/backup_schedule.py")
BUDGET = load("roles/aws_protection/library/monthly_budget.py")
ALARMS = load("roles/aws_protection/library/metric_alarms.py")
STOP = load("roles/aws_protection/library/nightly_stop.py")
__all__ = ["account"]


def budget(**others: Any) -> dict[str, Any]:
    return {
        "name": "enssol-test",
        "account_id": "123456789012",
        "amount": 25,
        "tag": "Environment$test",
        "topic_arn": "arn:aws:sns:ap-southeast-2:123456789012:enssol-test",
        "tags": {"Owner": "somebody"},
        **others,
    }


def test_a_budget_is_previewed_made_left_alone_changed_and_removed() -> None:
    budgets = boto3.client("budgets")
    preview = BUDGET.hold(budgets, budget(), dry=True)
    assert preview["settings"] == ["budget", "notifications", "tags"]
    assert BUDGET.hold(budgets, budget(), dry=False) == preview
    assert BUDGET.hold(budgets, budget(), dry=False)["changed"] is False
    assert BUDGET.hold(budgets, budget(amount=30), dry=False)["settings"] == ["budget"]
    assert BUDGET.hold(budgets, budget(amount=30), dry=False)["changed"] is False
    arn = "arn:aws:budgets::123456789012:budget/enssol-test"
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Owner"])
    assert BUDGET.hold(budgets, budget(amount=30), dry=True)["settings"] == ["tags"]
    assert BUDGET.hold(budgets, budget(amount=30), dry=False)["settings"] == ["tags"]
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "Owner", "Value": "somebody"}]
    assert BUDGET.remove(budgets, "123456789012", "enssol-test", dry=False)["changed"] is True
    assert BUDGET.remove(budgets, "123456789012", "enssol-test", dry=False)["changed"] is False


def schedule(**others: Any) -> dict[str, Any]:
    return {
        "name": "enssol-test",
        "kms_key_id": "arn:aws:kms:ap-southeast-2:123456789012:key/1",
        "role_arn": "arn:aws:iam::123456789012:role/backup",
        "schedules": {"daily": "cron(0 16 * * ? *)", "weekly": "cron(0 17 ? * SUN *)"},
        "days": 30,
        "carrying": {"Project": "enssol", "Backup": "daily"},
        "tags": {"Owner": "somebody"},
        **others,
    }


def test_backups_are_previewed_scheduled_locked_and_left_alone() -> None:
    backup = boto3.client("backup")
    preview = SCHEDULE.hold(backup, schedule(), dry=True)
    assert preview["settings"] == ["vault", "lock", "plan", "selection", "vault_tags", "plan_tags"]
    assert SCHEDULE.hold(backup, schedule(), dry=False) == preview
    assert SCHEDULE.hold(backup, schedule(), dry=False)["changed"] is False
    (vault,) = backup.list_backup_vaults()["BackupVaultList"]
    assert (vault["Locked"], vault["MinRetentionDays"]) == (True, 30)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (["lock", "plan"], {"days": 7}),
        (["plan"], {"schedules": {"daily": "cron(0 1 * * ? *)"}}),
        (["selection"], {"carrying": {"Project": "another"}}),
        (["vault_tags", "plan_tags"], {"tags": {"Owner": "somebody else"}}),
    ],
)
def test_what_drifted_of_the_backups_is_named_and_put_back_alone(settings: list[str], options: dict[str, Any]) -> None:
    backup = boto3.client("backup")
    SCHEDULE.hold(backup, schedule(), dry=False)
    SCHEDULE.hold(backup, schedule(**options), dry=False)
    assert SCHEDULE.hold(backup, schedule(), dry=True)["settings"] == settings
    assert SCHEDULE.hold(backup, schedule(), dry=False)["settings"] == settings
    assert SCHEDULE.hold(backup, schedule(), dry=False)["changed"] is False


def test_removed_schedules_leave_the_vault() -> None:
    backup = boto3.client("backup")
    SCHEDULE.hold(backup, schedule(), dry=False)
    assert SCHEDULE.remove(backup, "enssol-test", dry=True)["changed"] is True
    assert SCHEDULE.remove(backup, "enssol-test", dry=False)["changed"] is True
    assert SCHEDULE.remove(backup, "enssol-test", dry=False)["changed"] is False
    assert backup.list_backup_plans()["BackupPlansList"] == []
    assert len(backup.list_backup_vaults()["BackupVaultList"]) == 1


def watched(**others: Any) -> dict[str, Any]:
    alarm = {
        "name": "enssol-test-disk",
        "why": "The disk is nearly full.",
        "namespace": "enssol-test",
        "metric": "DiskUsed",
        "dimensions": {"Site": "app.enssol.test"},
        "statistic": "Maximum",
        "comparison": "GreaterThanThreshold",
        "threshold": 85.0,
        "period": 300,
        "missing": "breaching",
    }
    topic = "arn:aws:sns:ap-southeast-2:123456789012:enssol-test"
    alarms = [{**alarm, **others}, {**alarm, "name": "enssol-test-errors", "metric": "ServerErrors"}]
    return {"alarms": alarms, "topic_arn": topic, "tags": {"Owner": "somebody"}}


def test_alarms_are_previewed_made_left_alone_and_removed() -> None:
    cloudwatch = boto3.client("cloudwatch")
    preview = ALARMS.hold(cloudwatch, watched(), dry=True)
    assert preview["alarms"] == ["enssol-test-disk", "enssol-test-errors"]
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert ALARMS.hold(cloudwatch, watched(), dry=False) == preview
    assert ALARMS.hold(cloudwatch, watched(), dry=False)["changed"] is False
    cloudwatch.put_metric_alarm(AlarmName="of-others", EvaluationPeriods=1, ComparisonOperator="LessThanThreshold")
    assert ALARMS.remove(cloudwatch, watched(), dry=True)["alarms"] == preview["alarms"]
    assert ALARMS.remove(cloudwatch, watched(), dry=False)["changed"] is True
    assert ALARMS.remove(cloudwatch, watched(), dry=False)["changed"] is False
    assert [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]] == ["of-others"]


@pytest.mark.parametrize("drift", ["threshold", "dimension", "actions", "tag"])
def test_what_drifted_of_an_alarm_is_named_and_put_back_alone(drift: str) -> None:
    cloudwatch = boto3.client("cloudwatch")
    ALARMS.hold(cloudwatch, watched(), dry=False)
    if drift in {"threshold", "dimension"}:
        other = {"threshold": 5.0} if drift == "threshold" else {"dimensions": {"Site": "another"}}
        ALARMS.hold(cloudwatch, watched(**other), dry=False)
    elif drift == "actions":
        cloudwatch.disable_alarm_actions(AlarmNames=["enssol-test-disk"])
    else:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["enssol-test-disk"])["MetricAlarms"]
        cloudwatch.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["Owner"])
    assert ALARMS.hold(cloudwatch, watched(), dry=True)["alarms"] == ["enssol-test-disk"]
    assert ALARMS.hold(cloudwatch, watched(), dry=False)["alarms"] == ["enssol-test-disk"]
    assert ALARMS.hold(cloudwatch, watched(), dry=False)["changed"] is False


def nightly(**others: Any) -> dict[str, Any]:
    return {
        "name": "enssol-test",
        "instance_ids": ["i-0123456789abcdef0"],
        "role_arn": "arn:aws:iam::123456789012:role/shutdown",
        "schedule": "cron(0 20 * * ? *)",
        "time_zone": "Australia/Sydney",
        **others,
    }


def test_a_nightly_stop_is_previewed_made_left_alone_changed_and_removed() -> None:
    scheduler = boto3.client("scheduler")
    preview = STOP.hold(scheduler, nightly(), dry=True)
    assert scheduler.list_schedules()["Schedules"] == []
    assert STOP.hold(scheduler, nightly(), dry=False) == preview
    assert STOP.hold(scheduler, nightly(), dry=False)["changed"] is False
    moved = nightly(schedule="cron(0 21 * * ? *)", instance_ids=["i-1"])
    assert STOP.hold(scheduler, moved, dry=False)["settings"] == ["ScheduleExpression", "Target"]
    assert STOP.hold(scheduler, moved, dry=False)["changed"] is False
    assert STOP.remove(scheduler, nightly(), dry=True)["changed"] is True
    assert STOP.remove(scheduler, nightly(), dry=False)["changed"] is True
    assert STOP.remove(scheduler, nightly(), dry=False)["changed"] is False
