"""Change by hand what provisioning made, each kind of it; provisioning again must put all of it back."""

from __future__ import annotations

import json
from typing import Any

import boto3

NAME, ACCOUNT = "enssol-local", "123456789012"
MINE = [{"Name": "tag:Project", "Values": ["enssol"]}]
BUCKETS = tuple(f"{NAME}-{kind}-{ACCOUNT}" for kind in ("backups", "logs"))
ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}
)


def network(ec2: Any) -> None:
    (vpc,) = ec2.describe_vpcs(Filters=MINE)["Vpcs"]
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
    tables = {
        tag["Value"]: table["RouteTableId"]
        for table in ec2.describe_route_tables(Filters=MINE)["RouteTables"]
        for tag in table["Tags"]
        if tag["Key"] == "Name"
    }
    ec2.delete_route(RouteTableId=tables[f"{NAME}-public"], DestinationCidrBlock="0.0.0.0/0")
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=MINE)["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=[tables[f"{NAME}-private"]])
    for subnet in ec2.describe_subnets(Filters=MINE)["Subnets"]:
        ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], EnableResourceNameDnsARecordOnLaunch={"Value": False})


def group(ec2: Any) -> None:
    (found,) = ec2.describe_security_groups(Filters=MINE)["SecurityGroups"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=found["GroupId"], IpPermissions=[rule])


def instance(ec2: Any) -> None:
    one = ec2.describe_instances(Filters=MINE)["Reservations"][0]["Instances"][0]["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": False})
    # The stand-in forgets what is not said here; AWS keeps it.
    ec2.modify_instance_metadata_options(
        InstanceId=one,
        HttpTokens="optional",
        HttpPutResponseHopLimit=2,
        HttpEndpoint="enabled",
        HttpProtocolIpv6="disabled",
        InstanceMetadataTags="disabled",
    )
    ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": one, "CpuCredits": "unlimited"}]
    )
    ec2.modify_instance_attribute(InstanceId=one, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    ec2.modify_instance_maintenance_options(InstanceId=one, AutoRecovery="disabled")
    ec2.modify_private_dns_name_options(InstanceId=one, PrivateDnsHostnameType="ip-name")


def address(ec2: Any) -> None:
    (found,) = ec2.describe_addresses(Filters=MINE)["Addresses"]
    ec2.disassociate_address(AssociationId=found["AssociationId"])


def flow_log(ec2: Any) -> None:
    (found,) = ec2.describe_flow_logs()["FlowLogs"]
    kept = {name: found[name] for name in ("LogDestinationType", "LogGroupName", "DeliverLogsPermissionArn")}
    ec2.delete_flow_logs(FlowLogIds=[found["FlowLogId"]])
    name = [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": NAME}]}]
    ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[found["ResourceId"]],
        TrafficType="REJECT",
        TagSpecifications=name,
        **kept,
    )


def log_group(logs: Any) -> None:
    (found,) = logs.describe_log_groups()["logGroups"]
    logs.put_retention_policy(logGroupName=found["logGroupName"], retentionInDays=1)
    logs.untag_resource(resourceArn=found["arn"].removesuffix(":*"), tagKeys=["Owner"])


def tags_of_ec2(ec2: Any) -> None:
    mine = {tag["ResourceId"] for tag in ec2.describe_tags()["Tags"] if tag["Value"] == "enssol"}
    ec2.delete_tags(Resources=sorted(mine), Tags=[{"Key": "Owner"}])


def rights(iam: Any) -> None:
    iam.put_role_policy(RoleName=NAME, PolicyName="own", PolicyDocument=ANYTHING)
    by_hand = iam.create_policy(PolicyName="by-hand", PolicyDocument=ANYTHING)
    iam.attach_role_policy(RoleName=NAME, PolicyArn=by_hand["Policy"]["Arn"])
    iam.remove_role_from_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
    iam.untag_instance_profile(InstanceProfileName=NAME, TagKeys=["Owner"])
    for role in (NAME, f"{NAME}-backup", f"{NAME}-flow-logs", f"{NAME}-shutdown"):
        iam.untag_role(RoleName=role, TagKeys=["Owner"])
    for role in (f"{NAME}-flow-logs", f"{NAME}-shutdown"):
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=ANYTHING)
    iam.detach_role_policy(
        RoleName=f"{NAME}-backup",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    )


def key(kms: Any) -> None:
    (found,) = [one["TargetKeyId"] for one in kms.list_aliases()["Aliases"] if one["AliasName"] == f"alias/{NAME}"]
    kms.disable_key_rotation(KeyId=found)
    kms.untag_resource(KeyId=found, TagKeys=["Owner"])


def buckets(s3: Any) -> None:
    for bucket in BUCKETS:
        s3.delete_public_access_block(Bucket=bucket)
        s3.delete_bucket_policy(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_bucket_tagging(Bucket=bucket)
        s3.delete_bucket_encryption(Bucket=bucket)
    s3.delete_bucket_lifecycle(Bucket=BUCKETS[0])


def nightly_stop(scheduler: Any) -> None:
    schedule = scheduler.get_schedule(Name=NAME)
    kept = {name: schedule[name] for name in ("Name", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(ScheduleExpression="cron(0 3 * * ? *)", State="DISABLED", **kept)


def alarms(cloudwatch: Any) -> None:
    cloudwatch.delete_alarms(AlarmNames=[f"{NAME}-credits", f"{NAME}-disk"])
    cloudwatch.disable_alarm_actions(AlarmNames=[f"{NAME}-status"])
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        cloudwatch.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["Owner"])


def topic(sns: Any) -> None:
    (arn,) = [one["TopicArn"] for one in sns.list_topics()["Topics"]]
    sns.untag_resource(ResourceArn=arn, TagKeys=["Owner"])
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Id": "by-hand", "Statement": [anybody]})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def budget(budgets: Any) -> None:
    which = {"AccountId": ACCOUNT, "BudgetName": NAME}
    found = budgets.describe_budget(**which)["Budget"]
    wanted = ("BudgetName", "BudgetType", "TimeUnit", "CostFilters")
    dear = {name: found[name] for name in wanted} | {"BudgetLimit": {"Amount": "1000", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=dear)
    told = budgets.describe_notifications_for_budget(**which)["Notifications"]
    budgets.delete_notification(**which, Notification=told[0])
    budgets.untag_resource(ResourceARN=f"arn:aws:budgets::{ACCOUNT}:budget/{NAME}", ResourceTagKeys=["Owner"])


def backups(backup: Any) -> None:
    (vault,) = backup.list_backup_vaults()["BackupVaultList"]
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    backup.delete_backup_vault_lock_configuration(BackupVaultName=NAME)
    for arn in (vault["BackupVaultArn"], plan["BackupPlanArn"]):
        backup.untag_resource(ResourceArn=arn, TagKeyList=["Owner"])
    found = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    rule = {name: found["Rules"][0][name] for name in ("RuleName", "TargetBackupVaultName", "Lifecycle")}
    rarely = {"BackupPlanName": NAME, "Rules": [{**rule, "ScheduleExpression": "cron(0 1 1 1 ? *)"}]}
    backup.update_backup_plan(BackupPlanId=plan["BackupPlanId"], BackupPlan=rarely)
    (selection,) = backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
    backup.delete_backup_selection(BackupPlanId=plan["BackupPlanId"], SelectionId=selection["SelectionId"])


def names(route53: Any) -> None:
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    record = {"Name": "app.enssol.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.66"}]}
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    check = route53.list_health_checks()["HealthChecks"][0]["Id"]
    route53.update_health_check(HealthCheckId=check, Disabled=True, ResourcePath="/")
    route53.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, RemoveTagKeys=["Owner"])


def main() -> None:
    ec2 = boto3.client("ec2")
    # The tags last: the others find by the first of them.
    for change in (network, group, instance, address, flow_log, tags_of_ec2):
        change(ec2)
    for service, undo in {
        "iam": rights,
        "kms": key,
        "logs": log_group,
        "s3": buckets,
        "scheduler": nightly_stop,
        "cloudwatch": alarms,
        "sns": topic,
        "budgets": budget,
        "backup": backups,
        "route53": names,
    }.items():
        undo(boto3.client(service))


if __name__ == "__main__":
    main()
