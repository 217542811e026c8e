"""The NAT gateway, for private subnets that must reach the internet: made, held, and gone with its address."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from test_read_back import MINE, TAGS, tags

ROOT = Path(__file__).resolve().parents[3]
NAT_TAGS = {**TAGS, "Name": "enssol-local-nat"}
STANDING = [{"Name": "state", "Values": ["pending", "available"]}]


def provision(*options: str, nat: bool) -> int:
    """Provision the network with or without; return how much changed."""
    given = {
        "estate_aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "estate_state_dir": os.environ["ENSSOL_STATE_DIR"],
        "aws_network_nat": nat,
    }
    command = ["ansible-playbook", "-i", "inventories/local", "playbooks/provision.yml", "-e", json.dumps(given)]
    done = subprocess.run(
        # The rest of the estate has no say in it.
        [*command, "--skip-tags", "aws_access,aws_storage,aws_compute,aws_dns,aws_protection", *options],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return int(re.findall(r"changed=(\d+)", done.stdout)[-1])


def gateways() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto3.client("ec2").describe_nat_gateways(Filters=STANDING)["NatGateways"]
    return found


def addresses() -> list[dict[str, Any]]:
    """Addresses that no instance has."""
    found = boto3.client("ec2").describe_addresses()["Addresses"]
    return [address for address in found if not address.get("InstanceId")]


def private_table() -> dict[str, Any]:
    tables = boto3.client("ec2").describe_route_tables(Filters=MINE)["RouteTables"]
    (table,) = [table for table in tables if tags(table)["Name"] == "enssol-local-private"]
    found: dict[str, Any] = table
    return found


def way_out() -> list[str]:
    """Where the private subnets' packets for the internet go."""
    return [
        route["NatGatewayId"] for route in private_table()["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]


@pytest.fixture
def without() -> Iterator[None]:
    """Afterwards there is none."""
    yield
    if gateways():
        provision(nat=False)


def test_private_subnets_get_a_way_out_that_is_held_and_goes_again(without: None) -> None:
    ec2 = boto3.client("ec2")
    # A run that was cut short left an address: it is taken, and no second one.
    named = [{"Key": key, "Value": value} for key, value in NAT_TAGS.items()]
    left = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": named}])
    provision(nat=True)
    (gateway,) = gateways()
    (address,) = addresses()
    (subnet,) = ec2.describe_subnets(SubnetIds=[gateway["SubnetId"]])["Subnets"]
    assert (gateway["State"], subnet["CidrBlock"], tags(gateway)) == ("available", "10.0.1.0/24", NAT_TAGS)
    assert address["AllocationId"] == left["AllocationId"] == gateway["NatGatewayAddresses"][0]["AllocationId"]
    assert tags(address) == NAT_TAGS
    assert way_out() == [gateway["NatGatewayId"]]

    ec2.delete_route(RouteTableId=private_table()["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_tags(Resources=[gateway["NatGatewayId"], address["AllocationId"]], Tags=[{"Key": "Owner"}])
    assert provision("--check", nat=True) == 2
    assert way_out() == []
    assert provision(nat=True) == 2
    assert way_out() == [gateway["NatGatewayId"]]
    assert [(one["NatGatewayId"], tags(one)) for one in gateways()] == [(gateway["NatGatewayId"], NAT_TAGS)]
    assert [tags(one) for one in addresses()] == [NAT_TAGS]
    assert provision("--check", nat=True) == 0

    provision(nat=False)
    assert (gateways(), addresses(), way_out()) == ([], [], [])
