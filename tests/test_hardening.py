"""The hardening role's data, its module under every Python that a host may have, and its warning."""

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
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = Path(__file__).resolve().parent.parent
ROLE = ROOT / "roles" / "hardening"
MODULE = ROLE / "library" / "host_files.py"
PARTS = {"source", "sysctl", "files", "packages", "absent", "existing", "mounts", "masked"}
DATA = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
CONTROLS: dict[str, dict[str, Any]] = DATA["hardening_controls"]
SKIPPED = yaml.safe_load((ROLE / "vars" / "skipped.yml").read_text())["hardening_skipped"]


def rendered(name: str, **given: Any) -> Any:
    """One of the role's variables as Ansible would see it."""
    asked = {"ansible_run_tags": ["all"], "ansible_skip_tags": []} | given
    variables = DATA | yaml.safe_load((ROLE / "defaults" / "main.yml").read_text()) | asked
    return Templar(loader=DataLoader(), variables=variables).template("{{ " + name + " }}")


# --- The data ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_names_its_source_and_does_something(name: str) -> None:
    assert set(CONTROLS[name]) <= PARTS
    assert re.search(r"CIS \d|dev-sec|Lynis|STIG|Ubuntu Pro", CONTROLS[name]["source"])
    assert len(CONTROLS[name]) > 1


def test_what_is_left_out_has_its_reason() -> None:
    for skipped in SKIPPED:
        assert set(skipped) == {"rule", "reason"}
        assert len(skipped["reason"]) > 40


def test_no_parameter_or_file_has_two_owners() -> None:
    parameters = [name for control in CONTROLS.values() for name in control.get("sysctl", {})]
    files = [entry["path"] for control in CONTROLS.values() for entry in control.get("files", [])]
    assert len(parameters) == len(set(parameters))
    assert len(files) == len(set(files))


def test_a_tag_asks_for_one_control_and_a_waiver_leaves_one_out() -> None:
    assert len(rendered("hardening_chosen")) == len(CONTROLS)
    assert rendered("hardening_chosen", ansible_run_tags=["banner"]) == [rendered("hardening_controls.banner")]
    assert len(rendered("hardening_chosen", ansible_skip_tags=["banner"])) == len(CONTROLS) - 1
    waived = rendered("hardening_sysctl", hardening_waived={"kernel_keys": "It has a console."})
    assert "kernel.sysrq" not in waived
    assert "kernel.dmesg_restrict" in waived


def test_unattended_upgrades_take_the_legacy_add_on() -> None:
    content = CONTROLS["security_origins"]["files"][0]["content"]
    assert re.findall(r'ESM(?:Apps)?:\$\{distro_codename\}-(\S+)"', content) == [
        "infra-security",
        "apps-security",
        "infra-legacy-security",
        "apps-legacy-security",
    ]


@pytest.mark.parametrize(("given", "reboots"), [("17:00", "true"), ("", "false")])
def test_the_reboot_window_can_be_closed(given: str, reboots: str) -> None:
    content = rendered("hardening_controls.reboot_window.files[0].content", hardening_reboot_time=given)
    assert f'Automatic-Reboot "{reboots}"' in content


def test_a_module_that_is_kept_out_has_a_line_of_its_own() -> None:
    content = rendered("hardening_controls.rare_protocols.files[0].content")
    assert content.splitlines() == [f"install {name} /bin/true" for name in ("dccp", "sctp", "rds", "tipc")]


# --- The warning ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("release", "enabled", "warned"),
    [
        ("xenial", [], True),
        ("xenial", ["esm-infra"], True),
        ("xenial", ["esm-infra-legacy"], False),
        ("bionic", ["esm-infra"], False),
        ("bookworm", None, False),
    ],
)
def test_a_host_without_security_updates_is_told_loudly(release: str, enabled: list[str] | None, warned: bool) -> None:
    task = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text())[-1]
    services = [{"name": name, "status": "enabled"} for name in enabled or []]
    answer = {"skipped": True} if enabled is None else {"stdout": json.dumps({"services": services})}
    given = {"ansible_distribution_release": release, "hardening_pro": answer}
    assert rendered(task["when"], **given) is warned
    assert "RECEIVES NO SECURITY UPDATES" in task["ansible.builtin.debug"]["msg"]


# --- The module -------------------------------------------------------------------------------------------------------
def interpreters() -> list[str]:
    """This Python, and a 2.7 where the machine has one: what Ubuntu 16.04 runs modules with."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [sys.executable, *(str(home / "bin" / "python") for home in sorted(homes.glob("2.7.*")))]


def put(folder: Path, entries: list[dict[str, Any]], *options: str, python: str = sys.executable) -> dict[str, Any]:
    """Run the module on this machine as Ansible runs it on a host; return what it answers."""
    arguments = json.dumps({"entries": entries})
    command = ["ansible", "localhost", "-i", "localhost,", "-c", "local", "-m", "host_files", "-a", arguments]
    environment = os.environ | {
        "ANSIBLE_LIBRARY": str(MODULE.parent),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_LOCAL_TEMP": str(folder / "temp"),
    }
    done = subprocess.run(
        [*command, "-e", f"ansible_python_interpreter={python}", *options],
        env=environment,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return answer


@pytest.mark.parametrize("python", interpreters(), ids=lambda path: Path(path).resolve().name)
def test_files_folders_lines_and_rights_are_put_right_once(tmp_path: Path, python: str) -> None:
    (tmp_path / "defs").write_text("# UMASK is\nUMASK\t\t022\n")
    entries: list[dict[str, Any]] = [
        {"path": f"{tmp_path}/new", "state": "directory", "mode": "0750"},
        {"path": f"{tmp_path}/new/file", "content": "sûr\n", "mode": "0440"},
        {"path": f"{tmp_path}/defs", "regexp": r"^\s*UMASK\s", "line": "UMASK 027", "mode": "0640"},
    ]
    preview = put(tmp_path, entries, "--check", python=python)
    assert preview["changed"]
    assert not (tmp_path / "new").exists()
    assert put(tmp_path, entries, python=python)["paths"] == [entry["path"] for entry in entries]
    assert (tmp_path / "new" / "file").read_text() == "sûr\n"
    assert (tmp_path / "defs").read_text() == "# UMASK is\nUMASK 027\n"
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "new/file", "defs")]
    assert modes == [0o750, 0o440, 0o640]
    assert not put(tmp_path, entries, python=python)["changed"]


def test_what_its_judge_refuses_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "sudoers").write_text("before\n")
    entry = {"path": f"{tmp_path}/sudoers", "content": "after\n", "validate": "grep -q before %s"}
    assert "was refused and left as it was" in put(tmp_path, [entry])["msg"]
    assert (tmp_path / "sudoers").read_text() == "before\n"


def test_a_file_that_no_package_brought_is_named(tmp_path: Path) -> None:
    entry = {"path": f"{tmp_path}/absent", "mode": "0600"}
    assert f"{tmp_path}/absent does not exist" in put(tmp_path, [entry])["msg"]
    assert not put(tmp_path, [entry], "--check")["changed"]
