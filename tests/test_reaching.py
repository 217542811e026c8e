"""What a host is refused for before anything of it changes, and that every verb asks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PLAY = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["bootstrap"]}]


def ansible(playbook: Path, plays: list[dict[str, Any]], **given: Any) -> subprocess.CompletedProcess[str]:
    """Run plays on this machine; what is printed comes as one line, however it was folded."""
    playbook.write_text(yaml.safe_dump(plays))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, str(playbook), "--inventory=localhost,", f"--extra-vars={json.dumps(given)}"]
    environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "minimal"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, cwd=playbook.parent)
    done.stdout = " ".join(done.stdout.split())
    return done


def test_a_kernel_that_is_too_old_is_refused_with_its_version(tmp_path: Path) -> None:
    done = ansible(tmp_path / "play.yml", PLAY, bootstrap_oldest_kernel="99.1")
    assert done.returncode != 0
    assert f"runs Linux {os.uname().release}; what is configured here needs 99.1 or newer" in done.stdout
    assert "CHANGED" not in done.stdout


def test_a_verb_refuses_a_host_that_nobody_configured(tmp_path: Path) -> None:
    nowhere = {"interpreter": "/nowhere/python3", "packages": ["python3"]}
    done = ansible(tmp_path / "play.yml", PLAY, bootstrap_installs=False, bootstrap_pythons={"default": nowhere})
    assert done.returncode != 0
    assert "localhost has no /nowhere/python3 with its apt binding: run playbooks/configure.yml first" in done.stdout
    assert "CHANGED" not in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_a_play_that_changes_hosts_knows_their_python(path: Path) -> None:
    plays = yaml.safe_load(path.read_text())
    imported = [play["ansible.builtin.import_playbook"] for play in plays if "ansible.builtin.import_playbook" in play]
    at_work = [play["hosts"] for play in plays if play.get("become") and path.stem not in {"configure", "reach"}]
    assert set(at_work) <= {"bootstrap_ready"}
    assert not at_work or imported[:2] == ["guard.yml", "reach.yml"]


def test_a_verb_works_on_the_host_that_it_reached(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "apt.py").touch()
    reach = {"import_playbook": str(ROOT / "playbooks/reach.yml")}
    work = {
        "hosts": "bootstrap_ready",
        "gather_facts": False,
        "tasks": [{"debug": {"msg": "Works on {{ ansible_system }}"}}],
    }
    known = {
        "name": "Group",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"group_by": {"key": "enssol_hosts"}}],
    }
    done = ansible(
        tmp_path / "play.yml",
        # Twice, as in a run of several verbs.
        [known, reach, reach, work],
        ansible_connection="local",
        estate_ssh_private_key_file="",
        estate_known_hosts_file="",
        estate_ssh_proxy="none",
        ansible_become=False,
        bootstrap_pythons={"default": {"interpreter": str(python), "packages": []}},
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Works on Linux") == 1


@pytest.mark.parametrize("verb", ["configure", "deploy", "rollback"])
def test_what_fails_on_the_first_host_never_reaches_the_others(tmp_path: Path, verb: str) -> None:
    play = yaml.safe_load((ROOT / f"playbooks/{verb}.yml").read_text())[-1]
    kept = {key: play[key] for key in ("serial", "max_fail_percentage", "gather_facts")}
    tasks = [{"debug": {"msg": "Changes {{ inventory_hostname }}"}}, {"fail": {}, "when": "inventory_hostname == 'a'"}]
    hosts = {"hosts": "localhost", "gather_facts": False, "tasks": [{"add_host": {"name": name}} for name in "abc"]}
    done = ansible(tmp_path / "play.yml", [hosts, kept | {"hosts": "a:b:c", "connection": "local", "tasks": tasks}])
    assert done.returncode != 0
    assert re.findall(r"Changes (\w)", done.stdout) == ["a"]


@pytest.mark.parametrize(("verb", "goes_on"), [("deploy", False), ("status", True)])
def test_a_host_that_cannot_be_reached_stops_what_must_be_alike_on_all(
    tmp_path: Path, verb: str, *, goes_on: bool
) -> None:
    imported = yaml.safe_load((ROOT / f"playbooks/{verb}.yml").read_text())[1]
    (play,) = yaml.safe_load((ROOT / "playbooks/reach.yml").read_text())
    play |= {"hosts": "a:b", "become": False, "vars": imported.get("vars", {})}
    play["tasks"] = [{"fail": {}, "when": "inventory_hostname == 'a'"}, {"debug": {"msg": "Reached"}}]
    hosts = {"hosts": "localhost", "gather_facts": False, "tasks": [{"add_host": {"name": name}} for name in "ab"]}
    done = ansible(tmp_path / "play.yml", [hosts, play])
    assert ("Reached" in done.stdout) is goes_on
