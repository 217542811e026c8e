"""The health of the host on one screen, as the playbook prints it."""

from __future__ import annotations

import os
import re
import subprocess

from test_lockout import INVENTORY, PROJECT, SCENARIO
from testinfra.host import Host


def status() -> dict[str, str]:
    """Run status.yml; return the mark of each line of its screen."""
    variables = [PROJECT / "inventories/local/group_vars/all/estate.yml", SCENARIO / "vars/estate.yml"]
    command = ["ansible-playbook", str(PROJECT / "playbooks/status.yml"), f"--inventory={INVENTORY}"]
    command += [f"--extra-vars=@{path}" for path in variables]
    plain = os.environ | {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=plain, check=True, capture_output=True, text=True, timeout=180)
    assert "changed=0" in done.stdout
    return {name: mark for mark, name in re.findall(r"^ +(ok|LOOK|\?) +(\w+) ", done.stdout, flags=re.MULTILINE)}


def test_one_screen_tells_how_the_host_is(host: Host) -> None:
    found = status()
    # Other tests break what answers, for a while.
    assert {found.pop(name) for name in ("answers", "backup", "updates")} <= {"ok", "LOOK"}
    names = ("release", "site", "certificate", "disk", "memory", "drill", "replica", "units")
    assert found == dict.fromkeys(names, "ok")


def test_what_fails_is_marked(host: Host) -> None:
    with host.sudo():
        host.run("systemctl stop enssol.socket enssol.service")
        host.run("systemd-run --unit=fails --quiet --wait false")
    try:
        found = status()
    finally:
        with host.sudo():
            host.check_output("systemctl reset-failed fails")
            host.check_output("systemctl start enssol.socket enssol.service")
    assert (found["site"], found["units"], found["release"]) == ("LOOK", "LOOK", "ok")
