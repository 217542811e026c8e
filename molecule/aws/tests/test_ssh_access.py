"""The ways of SSH to the host: in all but the first, port 22 is open to no network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[3]
MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def provision(**variables: object) -> None:
    """Provision with another way of SSH."""
    given = {
        "estate_aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "estate_state_dir": os.environ["ENSSOL_STATE_DIR"],
        "estate_termination_protection": True,
        **variables,
    }
    command = ["ansible-playbook", "-i", "inventories/local", "playbooks/provision.yml", "-e", json.dumps(given)]
    done = subprocess.run(
        # The rest of the estate has no say in it.
        [*command, "--skip-tags", "aws_storage,aws_flow_logs,aws_compute,aws_dns,aws_protection"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def ssh_rule() -> dict[str, Any]:
    """Who may reach port 22; empty when nobody may."""
    filters = [{"Name": "tag:Name", "Values": ["enssol-local"]}]
    (group,) = boto3.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    found: list[dict[str, Any]] = [rule for rule in group["IpPermissions"] if rule["FromPort"] == 22]
    return found[0] if found else {}


def attached() -> list[str]:
    found = boto3.client("iam").list_attached_role_policies(RoleName="enssol-local")["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in found]


@pytest.fixture
def back() -> Iterator[None]:
    yield
    provision()
    assert [one["CidrIp"] for one in ssh_rule()["IpRanges"]] == ["198.51.100.1/32"]
    assert attached() == []


def test_a_bastion_or_an_endpoint_is_let_in_by_its_group_and_a_session_by_nothing(back: None) -> None:
    ec2 = boto3.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Project", "Values": ["enssol"]}])["Vpcs"]
    bastion = ec2.create_security_group(GroupName="bastion", Description="by hand", VpcId=vpc["VpcId"])["GroupId"]
    provision(
        estate_ssh_access="bastion",
        estate_ssh_bastion="ubuntu@bastion.example.com",
        estate_ssh_bastion_group_id=bastion,
    )
    assert [pair["GroupId"] for pair in ssh_rule()["UserIdGroupPairs"]] == [bastion]
    assert (ssh_rule()["IpRanges"], ssh_rule()["Ipv6Ranges"]) == ([], [])
    provision(estate_ssh_access="endpoint")
    (endpoint,) = ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]
    assert [pair["GroupId"] for pair in ssh_rule()["UserIdGroupPairs"]] == endpoint["SecurityGroupIds"]
    assert (ssh_rule()["IpRanges"], ssh_rule()["Ipv6Ranges"]) == ([], [])
    (group,) = ec2.describe_security_groups(GroupIds=endpoint["SecurityGroupIds"])["SecurityGroups"]
    assert group["IpPermissions"] == []
    assert [(rule["FromPort"], rule["IpRanges"][0]["CidrIp"]) for rule in group["IpPermissionsEgress"]] == [
        (22, "10.0.0.0/16")
    ]
    provision(estate_ssh_access="session_manager")
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []
    assert (
        len(ec2.describe_security_groups(Filters=[{"Name": "tag:Project", "Values": ["enssol"]}])["SecurityGroups"])
        == 1
    )
    assert ssh_rule() == {}
    assert attached() == [MANAGED]
    ec2.delete_security_group(GroupId=bastion)
