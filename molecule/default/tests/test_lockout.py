"""A mistake in what lets us in is refused, or taken back by the host itself."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from testinfra.host import Host

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
INVENTORY = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "inventory"
ELSEWHERE = '{"estate_ssh_allowed_cidrs": ["203.0.113.0/24"]}'


def configure(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run configure.yml against the host as the scenario does."""
    variables = [PROJECT / "inventories/local/group_vars/all/estate.yml", SCENARIO / "vars/estate.yml"]
    command = ["ansible-playbook", str(PROJECT / "playbooks/configure.yml"), f"--inventory={INVENTORY}", "--timeout=3"]
    command += [f"--extra-vars=@{path}" for path in variables]
    plain = os.environ | {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [*command, *arguments], cwd=PROJECT, env=plain, check=False, capture_output=True, text=True, timeout=180
    )


def wait_until_reachable(host: Host) -> None:
    address = host.backend.get_hostname()
    started = time.monotonic()
    knock = ["timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{address}/22"]
    while subprocess.run(knock, check=False, capture_output=True).returncode:
        assert time.monotonic() - started < 60, "the host did not take its mistake back"


def digest(host: Host) -> str:
    with host.sudo():
        return str(host.check_output("cat /etc/ssh/sshd_config /etc/nftables.conf | sha256sum"))


def test_a_list_without_our_own_address_is_refused_before_anything_is_written(host: Host) -> None:
    before = digest(host)
    done = configure("--tags=ssh,firewall", f"--extra-vars={ELSEWHERE}")
    assert done.returncode != 0
    assert "comes from 198.51.100.1, which must be in ssh_allowed_cidrs" in " ".join(done.stdout.split())
    assert digest(host) == before


@pytest.mark.parametrize(
    ("role", "mistake"),
    [
        ("ssh", '{"ssh_port": 2222, "ssh_rollback_seconds": 8}'),
        ("firewall", '{"firewall_ssh_cidrs": ["203.0.113.0/24"], "firewall_rollback_seconds": 8}'),
    ],
)
def test_what_shuts_us_out_is_taken_back_by_the_host(host: Host, role: str, mistake: str) -> None:
    before = digest(host)
    done = configure(f"--tags={role}", f"--extra-vars={mistake}")
    assert done.returncode != 0
    assert "UNREACHABLE" in done.stdout
    wait_until_reachable(host)
    assert digest(host) == before
