"""The four environments: what each inventory says, and what a playbook sees of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
HOSTNAMES = {
    "production": "app.enssol.com.au",
    "staging": "staging.enssol.com.au",
    "development": "dev.enssol.com.au",
    "local": "app.enssol.test",
}
REAL = [name for name in HOSTNAMES if name != "local"]
TAG_NAMES = {
    "Name",
    "Environment",
    "Project",
    "Application",
    "Component",
    "Owner",
    "CostCentre",
    "ManagedBy",
    "Backup",
    "AutoShutdown",
}
SHOW = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Show
      ansible.builtin.debug:
        msg:
          hostname: "{{ estate_hostname }}"
          tags: "{{ estate_tags }}"
          state: "{{ estate_state_dir }}"
          network: "{{ aws_network_name }}"
          protected: "{{ estate_termination_protection }}"
          user: "{{ estate_ssh_user }}"
          stopped_at_night: "{{ aws_protection_shutdown }}"
          name_is_kept: "{{ aws_dns_ttl | int }}"
"""


def variables_of(environment: str) -> dict[str, Any]:
    """What an inventory sets for all of its hosts."""
    found: dict[str, Any] = {}
    for path in sorted((ROOT / "inventories" / environment / "group_vars" / "all").glob("*.yml")):
        found |= yaml.safe_load(path.read_text()) or {}
    return found


def plugin_of(environment: str) -> dict[str, Any]:
    """The configuration of an inventory's plugin."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "inventories" / environment / "aws_ec2.yml").read_text())
    return found


def seen_by_a_playbook(environment: str, tmp_path: Path, **given: object) -> dict[str, Any]:
    """Run a playbook beside a link to the shared variables, as playbooks/ has one, on an inventory's own variables."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "group_vars").symlink_to(ROOT / "playbooks" / "group_vars")
    (tmp_path / "playbooks" / "show.yml").write_text(SHOW)
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "group_vars").symlink_to(ROOT / "inventories" / environment / "group_vars")
    (tmp_path / "inventory" / "hosts.yml").write_text("all: {hosts: {}}\n")
    done = subprocess.run(
        [
            "ansible-playbook",
            "-i",
            tmp_path / "inventory",
            tmp_path / "playbooks" / "show.yml",
            "-e",
            json.dumps(given),
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout[done.stdout.index("{") :])
    found: dict[str, Any] = report["plays"][0]["tasks"][0]["hosts"]["localhost"]["msg"]
    return found


def test_there_is_an_inventory_for_each_environment_and_no_other() -> None:
    assert {path.name for path in (ROOT / "inventories").iterdir()} == set(HOSTNAMES)


@pytest.mark.parametrize("environment", HOSTNAMES)
def test_an_inventory_finds_running_hosts_of_its_own_environment_only(environment: str) -> None:
    plugin = plugin_of(environment)
    assert plugin["plugin"] == "amazon.aws.aws_ec2"
    assert plugin["regions"] == ["ap-southeast-2"]
    assert plugin["filters"] == {
        "tag:Project": "enssol",
        "tag:Environment": environment,
        "instance-state-name": "running",
    }
    assert plugin["compose"]["ansible_host"] == "public_ip_address"


@pytest.mark.parametrize("environment", HOSTNAMES)
def test_a_playbook_sees_the_shared_variables_and_the_environments_own(environment: str, tmp_path: Path) -> None:
    seen = seen_by_a_playbook(environment, tmp_path)
    assert seen["hostname"] == HOSTNAMES[environment]
    assert set(seen["tags"]) == TAG_NAMES
    assert all(isinstance(value, str) and value for value in seen["tags"].values())
    assert seen["tags"]["Environment"] == environment
    assert seen["network"] == f"enssol-{environment}"
    assert seen["protected"] is (environment == "production")
    assert seen["state"].endswith(f"/.local/{environment}")
    assert seen["user"] == "ubuntu"
    assert seen["stopped_at_night"] is (environment == "development")
    assert int(seen["name_is_kept"]) == 300


def test_resolvers_keep_the_name_shorter_before_a_move_and_production_is_never_stopped(tmp_path: Path) -> None:
    seen = seen_by_a_playbook("production", tmp_path, estate_moving=True, estate_auto_shutdown="true")
    assert int(seen["name_is_kept"]) == 60
    assert seen["tags"]["AutoShutdown"] == "true"
    assert seen["stopped_at_night"] is False


def test_no_inventory_sets_what_the_shared_variables_would_silently_win() -> None:
    shared: set[str] = set()
    for path in (ROOT / "group_vars" / "all").glob("*.yml"):
        shared |= set(yaml.safe_load(path.read_text()) or {})
    for environment in HOSTNAMES:
        assert not shared & set(variables_of(environment)), environment


@pytest.mark.parametrize("environment", REAL)
def test_a_real_environment_goes_to_aws_and_leaves_the_ssh_sources_to_its_operator(environment: str) -> None:
    variables = variables_of(environment)
    assert variables["estate_aws_endpoint_url"] == ""
    assert "estate_ssh_allowed_cidrs" not in variables
    assert not {"endpoint_url", "access_key", "secret_key"} & set(plugin_of(environment))


def test_the_local_inventory_never_asks_the_real_aws() -> None:
    endpoint = variables_of("local")["estate_aws_endpoint_url"]
    assert endpoint.startswith("http://127.0.0.1:")
    assert f"'{endpoint}'" in plugin_of("local")["endpoint_url"]
    assert variables_of("local")["estate_ssh_allowed_cidrs"] == ["198.51.100.1/32"]
