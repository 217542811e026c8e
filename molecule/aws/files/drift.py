"""Change by hand what provisioning made, one thing of each kind; provisioning again must put all of it back."""

from __future__ import annotations

import json

import boto3

MINE = [{"Name": "tag:Project", "Values": ["enssol"]}]


def main() -> None:
    ec2, route53, iam, kms, s3 = (boto3.client(name) for name in ("ec2", "route53", "iam", "kms", "s3"))
    instance = ec2.describe_instances(Filters=MINE)["Reservations"][0]["Instances"][0]
    volume = instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    (group,) = ec2.describe_security_groups(Filters=MINE)["SecurityGroups"]
    tables = {
        tag["Value"]: table["RouteTableId"]
        for table in ec2.describe_route_tables(Filters=MINE)["RouteTables"]
        for tag in table["Tags"]
        if tag["Key"] == "Name"
    }
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]

    ec2.delete_tags(
        Resources=[instance["InstanceId"], volume, interface, tables["enssol-local-private"]], Tags=[{"Key": "Owner"}]
    )
    everywhere = [{"CidrIp": "0.0.0.0/0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everywhere}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    ec2.delete_route(RouteTableId=tables["enssol-local-public"], DestinationCidrBlock="0.0.0.0/0")
    ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], DisableApiTermination={"Value": False})
    # The stand-in forgets what is not said here; AWS keeps it.
    ec2.modify_instance_metadata_options(
        InstanceId=instance["InstanceId"],
        HttpTokens="optional",
        HttpPutResponseHopLimit=2,
        HttpEndpoint="enabled",
        HttpProtocolIpv6="disabled",
        InstanceMetadataTags="disabled",
    )
    ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": instance["InstanceId"], "CpuCredits": "unlimited"}]
    )
    ec2.modify_instance_attribute(
        InstanceId=instance["InstanceId"], InstanceInitiatedShutdownBehavior={"Value": "terminate"}
    )
    ec2.modify_instance_maintenance_options(InstanceId=instance["InstanceId"], AutoRecovery="disabled")
    ec2.modify_private_dns_name_options(InstanceId=instance["InstanceId"], PrivateDnsHostnameType="ip-name")
    subnet = instance["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableResourceNameDnsARecordOnLaunch={"Value": False})

    wide = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    iam.put_role_policy(
        RoleName="enssol-local",
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]}),
    )
    by_hand = iam.create_policy(
        PolicyName="by-hand", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]})
    )
    iam.attach_role_policy(RoleName="enssol-local", PolicyArn=by_hand["Policy"]["Arn"])
    kms.disable_key_rotation(
        KeyId=next(
            alias["TargetKeyId"]
            for alias in kms.list_aliases()["Aliases"]
            if alias["AliasName"] == "alias/enssol-local"
        )
    )
    for bucket in ("enssol-local-backups-123456789012", "enssol-local-logs-123456789012"):
        s3.delete_public_access_block(Bucket=bucket)
        s3.delete_bucket_policy(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_bucket_tagging(Bucket=bucket)
    s3.delete_bucket_lifecycle(Bucket="enssol-local-backups-123456789012")

    schedule = boto3.client("scheduler").get_schedule(Name="enssol-local")
    kept = {name: schedule[name] for name in ("Name", "FlexibleTimeWindow", "Target")}
    boto3.client("scheduler").update_schedule(ScheduleExpression="cron(0 3 * * ? *)", State="DISABLED", **kept)
    cloudwatch, backup, sns = boto3.client("cloudwatch"), boto3.client("backup"), boto3.client("sns")
    cloudwatch.delete_alarms(AlarmNames=["enssol-local-credits", "enssol-local-disk"])
    backup.delete_backup_vault_lock_configuration(BackupVaultName="enssol-local")
    sns.untag_resource(ResourceArn=sns.list_topics()["Topics"][0]["TopicArn"], TagKeys=["Owner"])

    record = {"Name": "app.enssol.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.66"}]}
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    check = route53.list_health_checks()["HealthChecks"][0]["Id"]
    route53.update_health_check(HealthCheckId=check, Disabled=True, ResourcePath="/")
    route53.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, RemoveTagKeys=["Owner"])


if __name__ == "__main__":
    main()
