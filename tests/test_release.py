"""Releases: what they are named after, what they are made of, and the units that run them."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename
from role_scripts import ROOT, load

ROLE = ROOT / "roles" / "enssol"
UV = ROOT / ".venv" / "uv" / "bin" / "uv"
CACHE = ROOT / ".cache" / "releases"

# systemd.exec(5), .service, .socket, .unit and .resource-control of version 229, as far as a web service needs them.
KNOWN_TO_229 = {
    "Unit": {"Description", "Documentation", "Requires", "After", "StartLimitInterval", "StartLimitBurst"},
    "Socket": {"ListenStream", "SocketUser", "SocketGroup", "SocketMode", "DirectoryMode", "Backlog", "Symlinks"},
    "Service": {
        *("Type", "User", "Group", "WorkingDirectory", "EnvironmentFile", "Environment", "ExecStart", "KillMode"),
        *("TimeoutStartSec", "TimeoutStopSec", "Restart", "RestartSec", "RestartPreventExitStatus", "UMask"),
        *("TasksMax", "MemoryLimit"),
        *("NoNewPrivileges", "CapabilityBoundingSet", "PrivateDevices", "PrivateTmp", "ProtectHome", "ProtectSystem"),
        *("ReadOnlyDirectories", "ReadWriteDirectories", "InaccessibleDirectories", "RestrictAddressFamilies"),
        *("SystemCallArchitectures", "SystemCallErrorNumber", "SystemCallFilter"),
    },
    "Install": {"WantedBy", "Also"},
}


build_release = load("enssol", "build_release")


# --- What a release is named after ------------------------------------------------------------------------------------
def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with an app of one file."""
    folder = tmp_path / "repository"
    for name, text in {
        "app/manage.py": "print('one')\n",
        "requirements/app.txt": "django==4.1.13\n",
        "requirements/release.txt": "pip==1\n",
        "README.md": "Read me.\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=One")
    return folder


def name_of(repository: Path, version: str = "HEAD", *, allow_dirty: bool = False) -> str:
    source, _ = build_release.find_source(repository, version, "requirements/app.txt", allow_dirty=allow_dirty)
    return str(source.release)


def test_the_same_content_has_the_same_name_in_any_commit(repository: Path) -> None:
    before = name_of(repository)
    (repository / "README.md").write_text("Read me again.\n")
    git(repository, "commit", "--quiet", "--all", "--message=Two")
    assert name_of(repository) == before == name_of(repository, "HEAD~1")


@pytest.mark.parametrize("changed", ["app/manage.py", "requirements/app.txt", "requirements/release.txt"])
def test_other_content_has_another_name(repository: Path, changed: str) -> None:
    before = name_of(repository)
    (repository / changed).write_text("other\n")
    git(repository, "commit", "--quiet", "--all", "--message=Two")
    assert name_of(repository) != before == name_of(repository, "HEAD~1")


def test_another_recipe_makes_another_name(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = name_of(repository)
    recipe = tmp_path / "recipe.py"
    recipe.write_text("# built differently\n")
    monkeypatch.setattr(build_release, "__file__", str(recipe))
    assert name_of(repository) != before


def run_build(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, str(ROLE / "files" / "build_release.py"), f"--uv={UV}"]
    where = [f"--repository={repository}", f"--cache={repository.parent / 'cache'}"]
    return subprocess.run([*script, *where, *options], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("untidy", ["app/manage.py", "README.md", "app/forgotten.py"])
def test_a_dirty_tree_is_refused_in_one_line(repository: Path, untidy: str) -> None:
    (repository / untidy).write_text("not committed\n")
    done = run_build(repository)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert untidy in done.stderr
    assert "commit" in done.stderr


def test_an_unknown_version_is_refused_in_one_line(repository: Path) -> None:
    done = run_build(repository, "--version=v9")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "v9" in done.stderr


def test_a_development_machine_deploys_tracked_files_as_they_are_and_names_the_others(repository: Path) -> None:
    clean = name_of(repository)
    (repository / "app" / "manage.py").write_text("print('two')\n")
    (repository / "app" / "forgotten.py").write_text("")
    index = (repository / ".git" / "index").read_bytes()
    source, warnings = build_release.find_source(repository, "HEAD", "requirements/app.txt", allow_dirty=True)
    assert source.dirty
    assert source.release != clean
    assert any("app/forgotten.py" in warning for warning in warnings)
    assert (repository / ".git" / "index").read_bytes() == index
    git(repository, "commit", "--quiet", "--all", "--message=Two")
    assert name_of(repository, allow_dirty=True) == source.release


# --- What a release is made of ----------------------------------------------------------------------------------------
def installable_on_xenial() -> set[Tag]:
    """What pip accepts on Ubuntu 16.04 (glibc 2.23) with CPython 3.11."""
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(23, 4, -1)] + ["manylinux2014_x86_64", "linux_x86_64"]
    return {*cpython_tags((3, 11), ["cp311"], platforms), *compatible_tags((3, 11), "cp311", platforms)}


@pytest.fixture(scope="module", params=["app", "app-lts"])
def wheelhouse(request: pytest.FixtureRequest) -> Path:
    """The wheels of a lock, from the cache that deployments use."""
    lock = f"requirements/{request.param}.txt"
    source, _ = build_release.find_source(ROOT, "HEAD", lock, allow_dirty=True)
    with build_release.locked(CACHE):
        folder: Path = build_release.Builder(ROOT, CACHE, UV).wheelhouse(source.lock, source.tools)
    return folder


def test_every_wheel_installs_on_ubuntu_16_04(wheelhouse: Path) -> None:
    known = installable_on_xenial()
    wheels = {wheel.name: parse_wheel_filename(wheel.name)[3] for wheel in wheelhouse.glob("*.whl")}
    assert len(wheels) > 20
    assert [name for name, tags in wheels.items() if not tags & known] == []


# What Ubuntu 16.04 has of the libraries that PEP 600 leaves to the host: glibc 2.23, and those of GCC 5.4.
XENIAL = {"GLIBC": (2, 23), "GLIBCXX": (3, 4, 21), "CXXABI": (1, 3, 9), "GCC": (5, 0, 0)}
LEFT_TO_THE_HOST = {
    *("ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2"),
    *("librt.so.1", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1"),
}


def shared_objects(wheelhouse: Path) -> Iterator[tuple[str, ELFFile]]:
    """Every ELF file in the wheels, whatever its name, as `wheel: path`."""
    for wheel in wheelhouse.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                content = archive.read(member)
                if content.startswith(b"\x7fELF"):
                    yield f"{wheel.name}: {member}", ELFFile(io.BytesIO(content))


def versions_needed(library: ELFFile) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The versions of a symbol's library that the loader looks for, such as ("GLIBC", (2, 17))."""
    for section in library.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                for version in versions:
                    name, _, number = version.name.rpartition("_")
                    if name in XENIAL:
                        yield name, tuple(map(int, number.split(".")))


def test_no_library_in_a_wheel_asks_for_a_newer_host_than_ubuntu_16_04(wheelhouse: Path) -> None:
    found = dict(shared_objects(wheelhouse))
    assert len(found) > 20
    assert {library.get_machine_arch() for library in found.values()} == {"x64"}
    needed = {file: sorted(versions_needed(library)) for file, library in found.items()}
    assert any(needed.values())
    too_new = {
        file: [version for version in versions if version[1] > XENIAL[version[0]]] for file, versions in needed.items()
    }
    assert {file: versions for file, versions in too_new.items() if versions} == {}


def test_what_a_wheel_leaves_to_the_host_is_there(wheelhouse: Path) -> None:
    found = dict(shared_objects(wheelhouse))
    brought = {Path(file).name for file in found}
    linked = {
        tag.needed
        for library in found.values()
        for section in library.iter_sections()
        if isinstance(section, DynamicSection)
        for tag in cast("Any", section).iter_tags("DT_NEEDED")
    }
    assert linked - brought <= LEFT_TO_THE_HOST


def test_the_host_gets_the_hash_of_every_wheel_it_installs(wheelhouse: Path) -> None:
    locked = dict(re.findall(r"^(\S+)==\S+ --hash=sha256:([0-9a-f]{64})$", (wheelhouse / "lock.txt").read_text(), re.M))
    wheels = {wheel for wheel in wheelhouse.glob("*.whl") if not wheel.name.startswith("pip-")}
    assert {build_release.sha256(wheel) for wheel in wheels} == set(locked.values())


def test_a_release_builds_to_the_same_bytes_twice(tmp_path: Path) -> None:
    source, _ = build_release.find_source(ROOT, "HEAD", "requirements/app.txt", allow_dirty=True)
    caches = (tmp_path / "with-wheels", tmp_path / "empty")
    with build_release.locked(CACHE):
        wheels = build_release.Builder(ROOT, CACHE, UV).wheelhouse(source.lock, source.tools)
        shutil.copytree(wheels, caches[0] / wheels.name)
    caches[1].mkdir()
    archives = [build_release.Builder(ROOT, cache, UV).archive(source, "app")[0] for cache in caches]
    assert build_release.sha256(archives[0]) == build_release.sha256(archives[1])
    with tarfile.open(archives[0]) as bundle:
        names = set(bundle.getnames())
    assert {"RELEASE", "app/manage.py", "static/staticfiles.json", "wheels/lock.txt"} <= names
    hashed = re.compile(r"static/.+\.[0-9a-f]{12}\.css$")
    assert any(hashed.match(name) and f"{name}.gz" in names for name in names)


# --- The units --------------------------------------------------------------------------------------------------------
def render(unit: str, systemd: int) -> str:
    """Render a unit as Ansible does, with the role's own variables."""
    name, _, kind = unit.partition(".")
    variables: dict[str, Any] = {"ansible_managed": "Managed", "enssol_allowed_hosts": ["app.example.com"]}
    for name in ("defaults", "vars"):
        variables |= yaml.safe_load((ROLE / name / "main.yml").read_text())
    variables |= {"__enssol_systemd_version": systemd, "__enssol_unit": name, "role_path": str(ROLE)}
    templar = Templar(DataLoader(), variables=variables)
    templar.environment.trim_blocks = True
    return str(templar.template((ROLE / "templates" / f"enssol.{kind}.j2").read_text(), convert_data=False))


def directives(unit: str) -> list[tuple[str, str, str]]:
    """Return section, name and value of each line of a unit."""
    found, section = [], ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.append((section, name, value))
    return found


@pytest.mark.parametrize("unit", ["enssol.socket", "enssol.service", "enssol-spare.socket", "enssol-spare.service"])
def test_a_unit_for_systemd_229_uses_only_what_it_knows(unit: str) -> None:
    lines = directives(render(unit, 229))
    assert lines
    assert [line for line in lines if line[1] not in KNOWN_TO_229[line[0]]] == []
    assert [value for _, name, value in lines if name == "SystemCallFilter" and "@" in value] == []
    assert ("Service", "ProtectSystem", "strict") not in lines


def test_a_unit_for_systemd_229_lets_the_service_write_its_data_only() -> None:
    lines = directives(render("enssol.service", 229))
    assert {
        ("Service", "ReadOnlyDirectories", "/"),
        ("Service", "ReadWriteDirectories", "/var/lib/enssol"),
        ("Service", "ProtectSystem", "full"),
        ("Service", "NoNewPrivileges", "true"),
        ("Service", "CapabilityBoundingSet", ""),
    } <= set(lines)


def test_a_newer_systemd_is_asked_for_more() -> None:
    old, new = (set(directives(render("enssol.service", version))) for version in (229, 252))
    assert len(new) > len(old)
    assert ("Service", "ProtectSystem", "strict") in new
    assert not {name for _, name, _ in new} & {"ReadOnlyDirectories", "ReadWriteDirectories", "MemoryLimit"}
