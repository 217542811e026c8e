"""The scaled topology in an account of its own: made, read back, changed by hand, previewed, put back."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from test_calls import misfits
from test_read_back import TAGS, tags

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "333333333333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SITE, API = "app.enssol.test", "api.enssol.test"
NAT_TAGS = {**TAGS, "Name": "enssol-local-nat"}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def there(service: str, region: str = "ap-southeast-2") -> Any:
    """A client in that account."""
    got = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
    )


def changed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a playbook there, with what production has."""
    given: dict[str, object] = {
        "estate_state_dir": str(tmp_path_factory.mktemp("state")),
        "estate_aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "estate_topology": "scaled",
        "estate_ssh_access": "session_manager",
        "estate_api_hostname": API,
        "estate_api_cidrs": ["192.0.2.0/24"],
        "estate_termination_protection": True,
        "aws_database_multi_az": True,
        "aws_database_replica": True,
    }

    def play(verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = ["ansible-playbook", "-i", "inventories/local", f"playbooks/{verb}.yml", "-e", json.dumps(given)]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ENSSOL_AWS_ROLE_ARN": ROLE}
        return subprocess.run(
            [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return play


@pytest.fixture(scope="module", autouse=True)
def standing(run: Run) -> None:
    """Made once."""
    assert changed(run("provision")) > 20


def records() -> list[dict[str, Any]]:
    route53 = there("route53")
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    found: list[dict[str, Any]] = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    return found


def groups() -> dict[str, dict[str, Any]]:
    """Our security groups by their names."""
    mine = [{"Name": "tag:Project", "Values": ["enssol"]}]
    return {
        group["GroupName"]: group for group in there("ec2").describe_security_groups(Filters=mine)["SecurityGroups"]
    }


def databases() -> dict[str, dict[str, Any]]:
    return {one["DBInstanceIdentifier"]: one for one in there("rds").describe_db_instances()["DBInstances"]}


def test_private_subnets_reach_the_internet_through_the_gateway() -> None:
    ec2 = there("ec2")
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    (subnet,) = ec2.describe_subnets(SubnetIds=[gateway["SubnetId"]])["Subnets"]
    (address,) = ec2.describe_addresses()["Addresses"]
    assert (gateway["State"], subnet["CidrBlock"], tags(gateway)) == ("available", "10.0.1.0/24", NAT_TAGS)
    assert (address["AllocationId"], tags(address)) == (
        gateway["NatGatewayAddresses"][0]["AllocationId"],
        NAT_TAGS,
    )
    routes = [
        (tags(table)["Name"], route["NatGatewayId"])
        for table in ec2.describe_route_tables()["RouteTables"]
        for route in table["Routes"]
        if "NatGatewayId" in route
    ]
    assert routes == [("enssol-local-private", gateway["NatGatewayId"])]


def test_each_group_opens_to_the_one_before_it_alone() -> None:
    found = groups()
    assert set(found) == {"enssol-local", "enssol-local-balancer", "enssol-local-database"}
    lists = there("ec2").describe_managed_prefix_lists()["PrefixLists"]
    (cloudfront,) = [one["PrefixListId"] for one in lists if one["PrefixListName"].endswith("cloudfront.origin-facing")]
    ways_in = {
        name: {
            (
                rule["FromPort"],
                *[one["PrefixListId"] for one in rule["PrefixListIds"]],
                *[one["GroupId"] for one in rule["UserIdGroupPairs"]],
                *[one["CidrIp"] for one in rule["IpRanges"]],
                *[one["CidrIpv6"] for one in rule["Ipv6Ranges"]],
            )
            for rule in group["IpPermissions"]
        }
        for name, group in found.items()
    }
    assert ways_in == {
        "enssol-local-balancer": {(443, cloudfront, "192.0.2.0/24")},
        "enssol-local": {(443, found["enssol-local-balancer"]["GroupId"])},
        "enssol-local-database": {(5432, found["enssol-local"]["GroupId"])},
    }
    assert found["enssol-local-database"]["IpPermissionsEgress"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Engine", "postgres"),
        ("EngineVersion", "15"),
        ("DBInstanceClass", "db.t4g.micro"),
        ("AllocatedStorage", 20),
        ("MaxAllocatedStorage", 100),
        ("StorageType", "gp3"),
        ("StorageEncrypted", True),
        ("MultiAZ", True),
        ("PubliclyAccessible", False),
        ("DeletionProtection", True),
        ("BackupRetentionPeriod", 30),
        ("PreferredBackupWindow", "16:30-17:00"),
        ("PreferredMaintenanceWindow", "sun:17:30-sun:18:00"),
        ("AutoMinorVersionUpgrade", True),
        ("CopyTagsToSnapshot", True),
        ("EnabledCloudwatchLogsExports", ["postgresql"]),
        ("DBName", "enssol"),
        ("ReadReplicaDBInstanceIdentifiers", ["enssol-local-replica"]),
    ],
)
def test_an_attribute_of_the_database(name: str, value: object) -> None:
    assert databases()["enssol-local"][name] == value


def test_the_database_is_in_private_subnets_behind_its_group_and_encrypted_with_our_key() -> None:
    database = databases()["enssol-local"]
    subnets = [one["SubnetIdentifier"] for one in database["DBSubnetGroup"]["Subnets"]]
    cidrs = {one["CidrBlock"] for one in there("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]}
    assert cidrs == {"10.0.3.0/24", "10.0.4.0/24"}
    assert [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]] == [
        groups()["enssol-local-database"]["GroupId"]
    ]
    aliases = there("kms").list_aliases()["Aliases"]
    (key,) = [alias["TargetKeyId"] for alias in aliases if alias["AliasName"] == "alias/enssol-local"]
    assert database["KmsKeyId"].endswith(key)
    replica = databases()["enssol-local-replica"]
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == "enssol-local"
    assert {tag["Key"]: tag["Value"] for tag in database["TagList"]} == {**TAGS, "Component": "database"}


def test_the_password_is_a_secret_that_nobody_chose() -> None:
    found = there("ssm").get_parameter(Name="/enssol/local/database_password", WithDecryption=True)["Parameter"]
    assert (found["Type"], len(found["Value"])) == ("SecureString", 48)


def test_the_load_balancer_forwards_two_names_and_refuses_the_rest() -> None:
    elbv2 = there("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (targets,) = elbv2.describe_target_groups()["TargetGroups"]
    assert (balancer["Scheme"], len(balancer["AvailabilityZones"])) == ("internet-facing", 2)
    assert balancer["SecurityGroups"] == [groups()["enssol-local-balancer"]["GroupId"]]
    asked = {"Protocol": "HTTPS", "Port": 443, "HealthCheckPath": "/readyz", "HealthCheckProtocol": "HTTPS"}
    assert {name: targets[name] for name in asked} == asked
    listeners = {
        one["Port"]: one for one in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    (certificate,) = listeners[443]["Certificates"]
    names = there("acm").describe_certificate(CertificateArn=certificate["CertificateArn"])["Certificate"]
    assert set(names["SubjectAlternativeNames"]) == {SITE, API}
    (redirect,) = listeners[80]["DefaultActions"]
    assert (redirect["Type"], redirect["RedirectConfig"]["Protocol"]) == ("redirect", "HTTPS")
    rules = {}
    for rule in elbv2.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]:
        asked_for = [
            value for one in rule["Conditions"] for value in next(v for k, v in one.items() if k != "Field")["Values"]
        ]
        rules[rule["Priority"]] = (asked_for, rule["Actions"][0]["Type"])
    assert rules == {
        "1": ([SITE], "forward"),
        "2": ([API, "/api/*"], "forward"),
        "default": ([], "fixed-response"),
    }
    said = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in said}
    wanted = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": f"enssol-local-logs-{ACCOUNT}",
        "deletion_protection.enabled": "true",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    assert {name: attributes[name] for name in wanted} == wanted


def test_the_edge_speaks_tls_1_3_behind_a_firewall() -> None:
    (site,) = there("cloudfront").list_distributions()["DistributionList"]["Items"]
    (origin,) = site["Origins"]["Items"]
    (balancer,) = there("elbv2").describe_load_balancers()["LoadBalancers"]
    assert (site["Aliases"]["Items"], origin["DomainName"]) == ([SITE], balancer["DNSName"])
    assert site["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.3_2025"
    assert site["ViewerCertificate"]["ACMCertificateArn"].startswith(f"arn:aws:acm:us-east-1:{ACCOUNT}:")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    waf = there("wafv2", "us-east-1")
    (acl,) = waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    assert site["WebACLId"] == acl["ARN"]
    rules = waf.get_web_acl(Name=acl["Name"], Scope="CLOUDFRONT", Id=acl["Id"])["WebACL"]["Rules"]
    assert [rule["Name"] for rule in sorted(rules, key=lambda rule: int(rule["Priority"]))] == [
        "rate",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]


def test_the_names_lead_to_the_edge_and_to_the_load_balancer() -> None:
    (site,) = there("cloudfront").list_distributions()["DistributionList"]["Items"]
    (balancer,) = there("elbv2").describe_load_balancers()["LoadBalancers"]
    aliases = {
        (record["Name"], record["Type"]): record["AliasTarget"]["DNSName"].rstrip(".")
        for record in records()
        if "AliasTarget" in record
    }
    assert aliases == {
        (f"{SITE}.", "A"): site["DomainName"],
        (f"{SITE}.", "AAAA"): site["DomainName"],
        (f"{API}.", "A"): balancer["DNSName"],
    }
    assert sorted(record["Name"] for record in records() if record["Type"] == "CAA") == [f"{API}.", f"{SITE}."]
    assert len([record for record in records() if record["Type"] == "CNAME"]) == 2


def test_drift_is_reported_then_repaired_and_then_nothing_changes(run: Run) -> None:
    ec2, rds, elbv2 = there("ec2"), there("rds"), there("elbv2")
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    (table,) = [
        table
        for table in ec2.describe_route_tables()["RouteTables"]
        if tags(table).get("Name") == "enssol-local-private"
    ]
    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_tags(Resources=[gateway["NatGatewayId"]], Tags=[{"Key": "Owner"}])
    everybody = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(
        GroupId=groups()["enssol-local-database"]["GroupId"], IpPermissions=[everybody]
    )
    rds.modify_db_instance(DBInstanceIdentifier="enssol-local", DeletionProtection=False, BackupRetentionPeriod=1)
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    loose = [{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=loose)
    # Gateway, route, group, database, load balancer.
    assert changed(run("provision", "--check")) == 5
    assert databases()["enssol-local"]["DeletionProtection"] is False
    assert changed(run("provision")) == 5
    assert databases()["enssol-local"]["DeletionProtection"] is True
    assert databases()["enssol-local"]["BackupRetentionPeriod"] == 30
    test_each_group_opens_to_the_one_before_it_alone()
    test_private_subnets_reach_the_internet_through_the_gateway()
    test_the_load_balancer_forwards_two_names_and_refuses_the_rest()
    assert changed(run("provision")) == 0


def test_every_call_of_all_this_is_one_that_awss_own_model_allows() -> None:
    lines = Path(os.environ["ENSSOL_CALLS"]).read_text().splitlines()
    made = [call for call in map(json.loads, lines) if "mark" not in call]
    assert {call["service"] for call in made} >= {"acm", "cloudfront", "elbv2", "rds", "ssm", "wafv2"}
    assert misfits(made) == set()
