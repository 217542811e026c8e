"""A host whose console shows another key than the pinned one is refused, and nothing is forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "198.51.100.10"
ANOTHER_KEY = f"{ADDRESS} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAnotherKeyAnotherKeyAnotherKeyAnotherKey00\n"
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: aws_compute, tasks_from: host_key}
"""


def pin(known_hosts: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the role's host key tasks for the standing instance, with a known_hosts file of the test's own."""
    (reservation,) = boto3.client("ec2").describe_instances()["Reservations"]
    variables = {
        "ansible_python_interpreter": sys.executable,
        "aws_compute_made": {"instances": [{"instance_id": reservation["Instances"][0]["InstanceId"]}]},
        "aws_compute_address": ADDRESS,
        "aws_compute_known_hosts_file": str(known_hosts),
    }
    play = known_hosts.with_name("play.yml")
    play.write_text(PLAY)
    command = ["ansible-playbook", "-i", "localhost,", "-e", json.dumps(variables), *options, str(play)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_changed_key_is_refused_with_what_to_type(tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(ANOTHER_KEY)
    done = pin(known_hosts)
    assert done.returncode != 0
    assert f"ssh-keygen -R {ADDRESS} -f {known_hosts}" in " ".join(done.stdout.split())
    assert known_hosts.read_text() == ANOTHER_KEY


@pytest.mark.parametrize(("options", "pinned"), [(["--check"], False), ([], True)], ids=["preview", "run"])
def test_a_host_that_is_not_pinned_yet_is_pinned_by_a_run_only(
    options: list[str], pinned: bool, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    done = pin(known_hosts, *options)
    assert done.returncode == 0, done.stdout
    assert "changed=1" in done.stdout
    assert known_hosts.exists() is pinned
