"""What AWS says about everything that was asked for: one row per attribute."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[3]
STATE = Path(os.environ.get("ENSSOL_STATE_DIR", ""))
TAGS = {
    "Name": "enssol-local",
    "Environment": "local",
    "Project": "enssol",
    "Application": "enssol",
    "Component": "web",
    "Owner": "environment-systems",
    "CostCentre": "enssol",
    "ManagedBy": "ansible",
    "Backup": "false",
    "AutoShutdown": "false",
}
MINE = [{"Name": "tag:Project", "Values": ["enssol"]}]


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


@cache
def account() -> dict[str, Any]:
    """Everything of ours that EC2 and Route 53 hold, each kind exactly as often as it should be there."""
    ec2, route53 = boto3.client("ec2"), boto3.client("route53")
    (vpc,) = ec2.describe_vpcs(Filters=MINE)["Vpcs"]
    (gateway,) = ec2.describe_internet_gateways(Filters=MINE)["InternetGateways"]
    (group,) = ec2.describe_security_groups(Filters=MINE)["SecurityGroups"]
    (key,) = ec2.describe_key_pairs()["KeyPairs"]
    (reservation,) = ec2.describe_instances(Filters=MINE)["Reservations"]
    (instance,) = reservation["Instances"]
    (volume,) = ec2.describe_volumes()["Volumes"]
    (interface,) = instance["NetworkInterfaces"]
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    (address,) = ec2.describe_addresses()["Addresses"]
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (record,) = [record for record in records if record["Type"] == "A"]
    return {
        "vpc": vpc,
        "vpc_attributes": {
            name: ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)[name[0].upper() + name[1:]]["Value"]
            for name in ("enableDnsSupport", "enableDnsHostnames")
        },
        "subnets": {subnet["CidrBlock"]: subnet for subnet in ec2.describe_subnets(Filters=MINE)["Subnets"]},
        "gateway": gateway,
        "tables": ec2.describe_route_tables(Filters=MINE)["RouteTables"],
        "group": group,
        "key": key,
        "instance": instance,
        "credits": ec2.describe_instance_credit_specifications(InstanceIds=[instance["InstanceId"]])[
            "InstanceCreditSpecifications"
        ],
        "protected": ec2.describe_instance_attribute(
            InstanceId=instance["InstanceId"], Attribute="disableApiTermination"
        )["DisableApiTermination"]["Value"],
        "shutdown": ec2.describe_instance_attribute(
            InstanceId=instance["InstanceId"], Attribute="instanceInitiatedShutdownBehavior"
        )["InstanceInitiatedShutdownBehavior"]["Value"],
        "volume": volume,
        "interface": interface,
        "endpoint": ec2.describe_vpc_endpoints(Filters=MINE)["VpcEndpoints"],
        "address": address,
        "zone": zone,
        "record": record,
    }


def test_the_vpc() -> None:
    vpc = account()["vpc"]
    assert (vpc["CidrBlock"], tags(vpc)) == ("10.0.0.0/16", TAGS)
    assert account()["vpc_attributes"] == {"enableDnsSupport": True, "enableDnsHostnames": True}


@pytest.mark.parametrize(
    ("cidr", "zone", "name"),
    [
        ("10.0.1.0/24", "ap-southeast-2a", "enssol-local-public-a"),
        ("10.0.2.0/24", "ap-southeast-2b", "enssol-local-public-b"),
        ("10.0.3.0/24", "ap-southeast-2a", "enssol-local-private-a"),
        ("10.0.4.0/24", "ap-southeast-2b", "enssol-local-private-b"),
    ],
)
def test_a_subnet(cidr: str, zone: str, name: str) -> None:
    assert len(account()["subnets"]) == 4
    subnet = account()["subnets"][cidr]
    assert subnet["VpcId"] == account()["vpc"]["VpcId"]
    assert subnet["AvailabilityZone"] == zone
    assert tags(subnet) == {**TAGS, "Name": name}
    assert subnet["MapPublicIpOnLaunch"] is False
    assert subnet["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    assert subnet["PrivateDnsNameOptionsOnLaunch"]["EnableResourceNameDnsARecord"] is True


def test_the_internet_gateway() -> None:
    gateway = account()["gateway"]
    assert [attached["VpcId"] for attached in gateway["Attachments"]] == [account()["vpc"]["VpcId"]]
    assert tags(gateway) == TAGS


@pytest.mark.parametrize(
    ("name", "cidrs", "leaves"),
    [("public", ["10.0.1.0/24", "10.0.2.0/24"], True), ("private", ["10.0.3.0/24", "10.0.4.0/24"], False)],
)
def test_a_route_table(name: str, cidrs: list[str], leaves: bool) -> None:
    (table,) = [table for table in account()["tables"] if tags(table)["Name"] == f"enssol-local-{name}"]
    assert tags(table) == {**TAGS, "Name": f"enssol-local-{name}"}
    # The way to S3 is a prefix list, and has a test of its own.
    routes = {
        route["DestinationCidrBlock"]: route["GatewayId"]
        for route in table["Routes"]
        if "DestinationCidrBlock" in route
    }
    outside = {"0.0.0.0/0": account()["gateway"]["InternetGatewayId"]} if leaves else {}
    assert routes == {"10.0.0.0/16": "local", **outside}
    assert {association["SubnetId"] for association in table["Associations"] if not association["Main"]} == {
        account()["subnets"][cidr]["SubnetId"] for cidr in cidrs
    }


def test_the_security_group_opens_these_ports_and_no_other() -> None:
    group = account()["group"]
    found = {
        (rule["FromPort"], source.get("CidrIp") or source["CidrIpv6"], source["Description"])
        for rule in group["IpPermissions"]
        for source in [*rule["IpRanges"], *rule["Ipv6Ranges"]]
        if rule["IpProtocol"] == "tcp" and rule["FromPort"] == rule["ToPort"]
    }
    assert found == {
        (80, "0.0.0.0/0", "HTTP that redirects to HTTPS"),
        (80, "::/0", "HTTP that redirects to HTTPS"),
        (443, "0.0.0.0/0", "HTTPS"),
        (443, "::/0", "HTTPS"),
        (22, "198.51.100.1/32", "SSH from a named network"),
    }
    assert sum(len(rule["IpRanges"]) + len(rule["Ipv6Ranges"]) for rule in group["IpPermissions"]) == len(found)
    assert tags(group) == TAGS


def test_the_security_group_says_why_anything_may_leave() -> None:
    found = {
        (rule["IpProtocol"], source.get("CidrIp") or source["CidrIpv6"], source["Description"])
        for rule in account()["group"]["IpPermissionsEgress"]
        for source in [*rule["IpRanges"], *rule["Ipv6Ranges"]]
    }
    assert found == {("-1", "0.0.0.0/0", "Anything out"), ("-1", "::/0", "Anything out")}


def test_the_key_pair_is_the_controllers() -> None:
    key = account()["key"]
    assert (key["KeyType"], tags(key)) == ("ed25519", TAGS)
    assert account()["instance"]["KeyName"] == key["KeyName"]
    private = STATE / "ssh" / "id_ed25519"
    assert (private.stat().st_mode & 0o777, private.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("InstanceType", "t2.nano"),
        ("ImageId", "ami-0e1550c01a16ad001"),
        ("State.Name", "running"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpPutResponseHopLimit", 1),
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
        ("MetadataOptions.HttpEndpoint", "enabled"),
        ("RootDeviceName", "/dev/sda1"),
        ("PrivateDnsNameOptions.HostnameType", "resource-name"),
        ("PrivateDnsNameOptions.EnableResourceNameDnsARecord", True),
        ("MaintenanceOptions.AutoRecovery", "default"),
        ("IamInstanceProfile.Arn", "arn:aws:iam::123456789012:instance-profile/enssol-local"),
    ],
)
def test_an_attribute_of_the_instance(path: str, value: object) -> None:
    found: Any = account()["instance"]
    for part in path.split("."):
        found = found[part]
    assert found == value


def test_the_instance_is_guarded_and_cheap() -> None:
    assert [credit["CpuCredits"] for credit in account()["credits"]] == ["standard"]
    assert account()["protected"] is True
    assert account()["shutdown"] == "stop"
    assert [group["GroupId"] for group in account()["instance"]["SecurityGroups"]] == [account()["group"]["GroupId"]]
    assert account()["instance"]["SubnetId"] == account()["subnets"]["10.0.1.0/24"]["SubnetId"]


@pytest.mark.parametrize(("name", "value"), [("Size", 8), ("VolumeType", "gp3"), ("Encrypted", True)])
def test_an_attribute_of_the_volume(name: str, value: object) -> None:
    assert account()["volume"][name] == value


def test_the_volume_is_encrypted_with_our_key() -> None:
    assert account()["volume"]["KmsKeyId"] == encryption_key()["Arn"]


def test_the_way_to_s3_is_on_both_route_tables() -> None:
    (endpoint,) = account()["endpoint"]
    assert (endpoint["VpcEndpointType"], endpoint["ServiceName"]) == ("Gateway", "com.amazonaws.ap-southeast-2.s3")
    assert set(endpoint["RouteTableIds"]) == {table["RouteTableId"] for table in account()["tables"]}
    assert tags(endpoint) == {**TAGS, "Name": "enssol-local-s3"}


def test_what_enters_and_leaves_is_recorded_by_a_role_that_writes_there_alone() -> None:
    (found,) = boto3.client("ec2").describe_flow_logs()["FlowLogs"]
    assert (found["ResourceId"], found["TrafficType"]) == (account()["vpc"]["VpcId"], "ALL")
    assert (found["LogDestinationType"], found["LogGroupName"]) == ("cloud-watch-logs", "/enssol/local/flow")
    assert found["DeliverLogsPermissionArn"] == "arn:aws:iam::123456789012:role/enssol-local-flow-logs"
    (group,) = boto3.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/enssol/local/flow", 90)
    arn, iam = group["arn"].removesuffix(":*"), boto3.client("iam")
    policy = iam.get_role_policy(RoleName="enssol-local-flow-logs", PolicyName="own")["PolicyDocument"]
    assert [(statement["Sid"], statement["Resource"]) for statement in policy["Statement"]] == [
        ("WriteToTheGroup", [arn, f"{arn}:log-stream:*"]),
        ("FindTheGroup", ["arn:aws:logs:ap-southeast-2:123456789012:log-group:*"]),
    ]
    (trust,) = iam.get_role(RoleName="enssol-local-flow-logs")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@cache
def encryption_key() -> dict[str, Any]:
    kms = boto3.client("kms")
    (alias,) = [alias for alias in kms.list_aliases()["Aliases"] if alias["AliasName"] == "alias/enssol-local"]
    key: dict[str, Any] = kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
    return key


def test_runs_that_were_cut_short_left_no_second_key() -> None:
    kms = boto3.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    assert [key["KeyId"] for key in keys if key["KeyManager"] == "CUSTOMER"] == [encryption_key()["KeyId"]]


def test_the_encryption_key_rotates() -> None:
    kms, key = boto3.client("kms"), encryption_key()["KeyId"]
    assert encryption_key()["KeyState"] == "Enabled"
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    found = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
    assert found == TAGS


def test_the_name_leads_to_the_address_of_the_instance() -> None:
    address = account()["address"]
    assert (address["InstanceId"], address["Domain"]) == (account()["instance"]["InstanceId"], "vpc")
    assert account()["zone"]["Name"] == "enssol.test."
    assert account()["zone"]["Config"]["PrivateZone"] is False
    record = account()["record"]
    assert (record["Name"], record["TTL"]) == ("app.enssol.test.", 300)
    assert record["ResourceRecords"] == [{"Value": address["PublicIp"]}]


def test_only_these_may_certify_the_name_and_none_all_names_below_it() -> None:
    records = boto3.client("route53").list_resource_record_sets(HostedZoneId=account()["zone"]["Id"])
    (record,) = [record for record in records["ResourceRecordSets"] if record["Type"] == "CAA"]
    assert (record["Name"], record["TTL"]) == ("app.enssol.test.", 300)
    assert {value["Value"] for value in record["ResourceRecords"]} == {
        '0 issue "letsencrypt.org"',
        '0 issue "amazon.com"',
        '0 issuewild ";"',
    }


def test_the_world_is_asked_whether_the_site_answers() -> None:
    route53 = boto3.client("route53")
    (check,) = route53.list_health_checks()["HealthChecks"]
    wanted = {"IPAddress": account()["address"]["PublicIp"], "Port": 80, "Type": "HTTP", "ResourcePath": "/healthz"}
    wanted |= {"FullyQualifiedDomainName": "app.enssol.test", "Disabled": False, "FailureThreshold": 3}
    assert {name: check["HealthCheckConfig"][name] for name in wanted} == wanted
    found = route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"])["ResourceTagSet"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in found} == TAGS


def test_the_host_key_of_the_console_is_pinned() -> None:
    pinned = (STATE / "ssh" / "known_hosts").read_text().split()
    console = boto3.client("ec2").get_console_output(InstanceId=account()["instance"]["InstanceId"])["Output"].split()
    assert pinned[:2] == [account()["address"]["PublicIp"], "ssh-ed25519"]
    assert pinned[2] == console[console.index("ssh-ed25519") + 1]


def test_the_operator_gets_a_configuration_of_ssh_that_trusts_the_pinned_key_only() -> None:
    command = ["/usr/bin/ssh", "-G", "-F", str(STATE / "ssh" / "config"), "enssol-local"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    told = dict(line.split(" ", 1) for line in said)
    assert (told["hostname"], told["user"]) == (account()["address"]["PublicIp"], "ubuntu")
    assert told["stricthostkeychecking"] == "true"
    assert told["userknownhostsfile"] == str(STATE / "ssh" / "known_hosts")
    assert "proxycommand" not in told


def test_the_dynamic_inventory_finds_the_host_and_knows_how_to_reach_it() -> None:
    command = ["ansible-inventory", "--inventory", "inventories/local", "--playbook-dir", "playbooks", "--list"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    inventory = json.loads(done.stdout)
    assert inventory["enssol_hosts"]["hosts"] == ["enssol-local"]
    host = inventory["_meta"]["hostvars"]["enssol-local"]
    assert host["ansible_host"] == account()["address"]["PublicIp"]
    assert "StrictHostKeyChecking=yes" in host["ansible_ssh_common_args"]


def test_the_graph_shows_the_host_by_its_tags() -> None:
    command = ["ansible-inventory", "--inventory", "inventories/local", "--playbook-dir", "playbooks", "--graph"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    graph = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    lines = [line.strip(" |-") for line in graph.splitlines()]
    for group in ("enssol_hosts", "tag_Environment_local", "tag_Component_web", "tag_Owner_environment_systems"):
        assert lines[lines.index(f"@{group}:") + 1] == "enssol-local"
