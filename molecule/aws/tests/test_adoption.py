"""A second account, entered by assuming a role: what stands there is adopted by its id, used, and left unharmed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
# The specification's own.
ADDRESS = "13.238.199.122"
IMAGE = "ami-0e1550c01a16ad002"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def there(service: str) -> Any:
    """A client in the second account."""
    got = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service,
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
    )


@pytest.fixture(scope="module")
def standing() -> dict[str, str]:
    """What somebody made there before us, by hand and without a tag."""
    ec2, iam = there("ec2"), there("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    zone = "ap-southeast-2a"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=vpc)["GroupId"]
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="by-hand", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.create_instance_profile(InstanceProfileName="by-hand")
    iam.add_role_to_instance_profile(InstanceProfileName="by-hand", RoleName="by-hand")
    ec2.create_key_pair(KeyName="by-hand", KeyType="ed25519")
    ec2.allocate_address(Domain="vpc", Address=ADDRESS)
    return {"vpc": vpc, "gateway": gateway, "subnet": subnet, "group": group}


@pytest.fixture(scope="module")
def run(standing: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a playbook there, with all that stands adopted."""
    state = tmp_path_factory.mktemp("state")
    key = state / "ssh" / "id_ed25519"
    key.parent.mkdir(mode=0o700)
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    given: dict[str, object] = {
        "estate_state_dir": str(state),
        "estate_aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "estate_aws_account_id": ACCOUNT,
        "aws_network_adopt_vpc_id": standing["vpc"],
        "aws_network_adopt_subnet_ids": {"public-a": standing["subnet"]},
        "aws_access_adopt_group_id": standing["group"],
        "aws_access_adopt_key_name": "by-hand",
        "aws_access_adopt_profile": "by-hand",
        "aws_compute_public_ip": ADDRESS,
        "aws_flow_logs_destination": "bucket",
        # Not the newest of its publisher.
        "aws_compute_image_id": IMAGE,
        "aws_compute_host_key_timeout": 20,
        "aws_compute_host_key_interval": 1,
    }

    def play(verb: str, **others: object) -> subprocess.CompletedProcess[str]:
        variables = json.dumps(given | others)
        command = ["ansible-playbook", "-i", "inventories/local", f"playbooks/{verb}.yml", "-e", variables]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ENSSOL_AWS_ROLE_ARN": ROLE}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    return play


@pytest.fixture(scope="module")
def provisioned(run: Run) -> str:
    done = run("provision")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_another_account_is_refused_before_any_change(run: Run) -> None:
    before = there("ec2").describe_tags()["Tags"]
    done = run("provision", estate_aws_account_id="999999999999")
    printed = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert f"These credentials are of account {ACCOUNT}, but local lives in 999999999999" in printed
    assert "changed=0" in printed
    assert there("ec2").describe_tags()["Tags"] == before


def test_the_instance_lives_in_what_was_adopted(provisioned: str, standing: dict[str, str]) -> None:
    (reservation,) = there("ec2").describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    assert (instance["VpcId"], instance["SubnetId"]) == (standing["vpc"], standing["subnet"])
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [standing["group"]]
    assert (instance["KeyName"], instance["PublicIpAddress"]) == ("by-hand", ADDRESS)
    assert instance["IamInstanceProfile"]["Arn"].endswith("instance-profile/by-hand")
    assert len(there("ec2").describe_addresses()["Addresses"]) == 1


def test_the_image_that_was_asked_for_is_taken_while_the_account_has_it(provisioned: str) -> None:
    (reservation,) = there("ec2").describe_instances()["Reservations"]
    assert reservation["Instances"][0]["ImageId"] == IMAGE
    assert "is not in this account and region" not in provisioned


def test_what_enters_and_leaves_is_recorded_in_the_bucket_of_logs(provisioned: str, standing: dict[str, str]) -> None:
    (found,) = there("ec2").describe_flow_logs()["FlowLogs"]
    assert (found["ResourceId"], found["LogDestinationType"]) == (standing["vpc"], "s3")
    assert found["LogDestination"] == f"arn:aws:s3:::enssol-local-logs-{ACCOUNT}"


def test_what_was_missing_was_made_beside_it(provisioned: str, standing: dict[str, str]) -> None:
    subnets = there("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [standing["vpc"]]}])["Subnets"]
    assert {subnet["CidrBlock"] for subnet in subnets} == {"10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"}
    assert len(there("ec2").describe_internet_gateways()["InternetGateways"]) == 1


def test_what_was_adopted_carries_no_mark_of_ours(provisioned: str, standing: dict[str, str]) -> None:
    filters = [{"Name": "resource-id", "Values": list(standing.values())}]
    assert there("ec2").describe_tags(Filters=filters)["Tags"] == []
    (group,) = there("ec2").describe_security_groups(GroupIds=[standing["group"]])["SecurityGroups"]
    assert group["IpPermissions"] == []


def test_a_second_run_changes_nothing(provisioned: str, run: Run) -> None:
    done = run("provision")
    assert done.returncode == 0
    assert "changed=0 " in done.stdout, done.stdout


def test_a_decommission_leaves_what_was_adopted(provisioned: str, run: Run, standing: dict[str, str]) -> None:
    refused = run("decommission", decommission_environment="staging")
    assert "`staging` was typed" in " ".join(refused.stdout.split())
    assert "changed=0" in refused.stdout
    done = run("decommission", decommission_environment="local")
    assert done.returncode == 0, done.stdout
    ec2 = there("ec2")
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [standing["vpc"]]}])["Subnets"]
    assert subnet["SubnetId"] == standing["subnet"]
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"][0]["VpcId"] == standing["vpc"]
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    assert [address["PublicIp"] for address in ec2.describe_addresses()["Addresses"]] == [ADDRESS]
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]
    assert [key["KeyName"] for key in ec2.describe_key_pairs()["KeyPairs"]] == ["by-hand"]
    assert ec2.describe_security_groups(GroupIds=[standing["group"]])["SecurityGroups"] != []
    assert there("iam").get_instance_profile(InstanceProfileName="by-hand")["InstanceProfile"]["Roles"] != []
