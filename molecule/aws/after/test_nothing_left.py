"""After the decommission: nothing that costs or opens anything, and every backup."""

from __future__ import annotations

import boto3
import pytest

MINE = [{"Name": "tag:Project", "Values": ["enssol"]}]


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_route_tables", "RouteTables"),
        ("describe_security_groups", "SecurityGroups"),
        ("describe_key_pairs", "KeyPairs"),
        ("describe_addresses", "Addresses"),
        ("describe_volumes", "Volumes"),
        ("describe_network_interfaces", "NetworkInterfaces"),
    ],
)
def test_none_of_a_kind_is_left(call: str, field: str) -> None:
    assert getattr(boto3.client("ec2"), call)(Filters=MINE)[field] == []


def test_no_instance_runs_and_no_endpoint_stands() -> None:
    ec2 = boto3.client("ec2")
    instances = [one for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]
    assert {instance["State"]["Name"] for instance in instances} == {"terminated"}
    assert {endpoint["State"] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]} <= {"deleted"}


def test_nothing_is_recorded_any_more() -> None:
    assert boto3.client("ec2").describe_flow_logs()["FlowLogs"] == []
    assert boto3.client("logs").describe_log_groups()["logGroups"] == []


def test_role_profile_and_name_are_gone() -> None:
    iam, route53 = boto3.client("iam"), boto3.client("route53")
    # Without its role a snapshot could not be restored.
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["enssol-local-backup"]
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    assert {record["Type"] for record in records} == {"NS", "SOA"}
    assert route53.list_health_checks()["HealthChecks"] == []


def test_nobody_is_told_of_what_is_gone() -> None:
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []
    assert boto3.client("sns").list_topics()["Topics"] == []
    assert boto3.client("budgets").describe_budgets(AccountId="123456789012")["Budgets"] == []
    assert boto3.client("backup").list_backup_plans()["BackupPlansList"] == []
    assert len(boto3.client("backup").list_backup_vaults()["BackupVaultList"]) == 1


def test_backups_and_the_key_that_opens_them_stay() -> None:
    names = {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}
    assert names == {"enssol-local-backups-123456789012", "enssol-local-logs-123456789012"}
    kms = boto3.client("kms")
    (alias,) = [alias for alias in kms.list_aliases()["Aliases"] if alias["AliasName"] == "alias/enssol-local"]
    assert kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
