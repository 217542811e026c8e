"""What holds for the tree as a whole: locks, layout, documents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@cache
def tracked() -> list[Path]:
    """Every file that git tracks, or will once it is added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^[a-z0-9._-]+(?:\[.*\])?==\S+ \\\n    --hash=sha256:", text, flags=re.MULTILINE)
    packages = re.findall(r"^[a-z0-9]", text, flags=re.MULTILINE)
    assert len(pins) == len(packages) > 0
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_contains_what_its_source_asks_for(lock: Path) -> None:
    asked = re.findall(r"^([A-Za-z0-9_.-]+)", lock.with_suffix(".in").read_text(), flags=re.MULTILINE)
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock.read_text(), flags=re.MULTILINE))
    missing = {name.lower() for name in asked if not name.startswith("-")} - pinned
    assert not missing, f"{missing} not in {lock.name}: run `make lock`"


def test_galaxy_gets_the_versions_that_the_ansible_package_brings() -> None:
    wanted = {
        entry["name"]: entry["version"]
        for entry in yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    }
    bundle = next(
        Path(entry) / "ansible_collections" for entry in sys.path if (Path(entry) / "ansible_collections").is_dir()
    )
    brought = {
        name: json.loads((bundle / name.replace(".", "/") / "MANIFEST.json").read_text())["collection_info"]["version"]
        for name in wanted
    }
    assert wanted == brought


def test_a_collection_that_is_used_is_pinned_for_galaxy() -> None:
    pinned = {entry["name"] for entry in yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]}
    yaml_files = [*ROOT.glob("roles/*/[!v]*/**/*.yml"), *ROOT.glob("playbooks/*.yml"), *ROOT.glob("molecule/**/*.yml")]
    used = {
        found
        for path in yaml_files
        for found in re.findall(r"^\s+(?:- )?([a-z]+\.[a-z]+)\.[a-z0-9_]+:", path.read_text(), flags=re.MULTILINE)
    }
    assert used - {"ansible.builtin"} <= pinned


def test_every_role_declares_its_arguments() -> None:
    assert {role.name for role in ROLES} == {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_documents_each_of_its_defaults(role: Path) -> None:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    options = {name: option for spec in specs.values() for name, option in (spec.get("options") or {}).items()}
    defaults_file = role / "defaults" / "main.yml"
    defaults = (yaml.safe_load(defaults_file.read_text()) or {}) if defaults_file.exists() else {}
    assert set(defaults) <= set(options)
    for name, option in options.items():
        assert option.get("description"), f"{name} has no description"
        assert name.startswith(f"{role.name}_"), f"{name} does not carry its role's name"
        assert not (option.get("required") and name in defaults), f"{name} is required and has a default"


def test_role_readmes_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "docs" / "role_readmes.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_playbooks_see_the_shared_group_vars() -> None:
    assert (ROOT / "playbooks" / "group_vars").resolve() == ROOT / "group_vars"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text())
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z][a-z-]*)", document.read_text()))
    assert named <= targets


def test_every_make_target_is_listed_by_make() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)", text, flags=re.MULTILINE)[-1].split())
    helped = set(re.findall(r"^([a-z][a-z-]*):.*##", text, flags=re.MULTILINE))
    assert phony == helped


def test_the_picture_in_the_readme_is_small() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+\.png)\)", (ROOT / "README.md").read_text())
    assert pictures
    assert all((ROOT / picture).stat().st_size < 300_000 for picture in pictures)


def test_python_modules_stay_readable_in_one_sitting() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and "migrations" not in path.parts]
    long = {str(path.relative_to(ROOT)): n for path in modules if (n := len(path.read_text().splitlines())) > 400}
    assert not long


def test_no_secret_is_committed() -> None:
    pattern = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}|AKIA[0-9A-Z]{16}")
    found = [str(path.relative_to(ROOT)) for path in tracked() if pattern.search(path.read_bytes())]
    assert not found


def test_nothing_silences_a_failure() -> None:
    playbooks = [path for path in tracked() if path.suffix == ".yml" and path.parts[len(ROOT.parts)] != ".ci"]
    silenced = [
        str(path.relative_to(ROOT)) for path in playbooks if re.search(r"^\s*ignore_errors:", path.read_text(), re.M)
    ]
    assert not silenced
