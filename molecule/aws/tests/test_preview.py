"""What a preview says of a standing account: nothing when nothing differs, and what differs when something does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import boto3
from test_read_back import account

ROOT = Path(__file__).resolve().parents[3]


def preview() -> str:
    given = {
        "estate_aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "estate_state_dir": os.environ["ENSSOL_STATE_DIR"],
        "estate_termination_protection": True,
        "aws_protection_shutdown": True,
        "aws_flow_logs_destination": "log_group",
    }
    command = ["ansible-playbook", "-i", "inventories/local", "playbooks/provision.yml", "-e", json.dumps(given)]
    done = subprocess.run(
        [*command, "--check", "--diff"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_preview_of_what_stands_as_asked_says_that_nothing_changes() -> None:
    assert "changed=0 " in preview()


def test_a_preview_names_a_tag_a_rule_and_an_attribute_that_were_changed_by_hand_and_changes_nothing() -> None:
    ec2, instance = boto3.client("ec2"), account()["instance"]["InstanceId"]
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "192.0.2.7/32"}]}
    opened = {"GroupId": account()["group"]["GroupId"], "IpPermissions": [rule]}
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "Owner", "Value": "somebody else"}])
    ec2.authorize_security_group_ingress(**opened)
    ec2.modify_instance_attribute(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    try:
        said = preview()
        (tag,) = ec2.describe_tags(
            Filters=[{"Name": "resource-id", "Values": [instance]}, {"Name": "key", "Values": ["Owner"]}]
        )["Tags"]
        (group,) = ec2.describe_security_groups(GroupIds=[opened["GroupId"]])["SecurityGroups"]
        how = ec2.describe_instance_attribute(InstanceId=instance, Attribute="instanceInitiatedShutdownBehavior")
    finally:
        ec2.create_tags(Resources=[instance], Tags=[{"Key": "Owner", "Value": "environment-systems"}])
        ec2.revoke_security_group_ingress(**opened)
        ec2.modify_instance_attribute(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "stop"})
    assert [words for words in ("somebody else", "192.0.2.7/32", "terminate") if words not in said] == []
    assert "changed=0 " not in said
    assert tag["Value"] == "somebody else"
    assert 8080 in {one["FromPort"] for one in group["IpPermissions"]}
    assert how["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
