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


def test_a_preview_names_what_was_changed_by_hand_and_changes_nothing() -> None:
    ec2, instance = boto3.client("ec2"), account()["instance"]["InstanceId"]
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "Owner", "Value": "somebody else"}])
    try:
        said = preview()
        (tag,) = ec2.describe_tags(
            Filters=[{"Name": "resource-id", "Values": [instance]}, {"Name": "key", "Values": ["Owner"]}]
        )["Tags"]
    finally:
        ec2.create_tags(Resources=[instance], Tags=[{"Key": "Owner", "Value": "environment-systems"}])
    assert "somebody else" in said
    assert "changed=0 " not in said
    assert tag["Value"] == "somebody else"
