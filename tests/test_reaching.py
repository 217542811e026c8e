"""What a host is refused for before anything of it changes, and that every verb asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PLAY = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["bootstrap"]}]


def bootstrap(folder: Path, **given: Any) -> subprocess.CompletedProcess[str]:
    """Run the role on this machine."""
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump(PLAY))
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [ansible, str(playbook), "--inventory=localhost,", f"--extra-vars={json.dumps(given)}"]
    environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "minimal"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, cwd=folder)
    # The message as one line, however it is folded.
    done.stdout = " ".join(done.stdout.split())
    return done


def test_a_kernel_that_is_too_old_is_refused_with_its_version(tmp_path: Path) -> None:
    done = bootstrap(tmp_path, bootstrap_oldest_kernel="99.1")
    assert done.returncode != 0
    assert f"runs Linux {os.uname().release}; what is configured here needs 99.1 or newer" in done.stdout
    assert "CHANGED" not in done.stdout


def test_a_verb_refuses_a_host_that_nobody_configured(tmp_path: Path) -> None:
    nowhere = {"interpreter": "/nowhere/python3", "packages": ["python3"]}
    done = bootstrap(tmp_path, bootstrap_installs=False, bootstrap_pythons={"default": nowhere})
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
