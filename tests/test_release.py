"""Releases: what they are named after, what they are made of, and what the host does with them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader  # type: ignore[import-untyped]
from ansible.template import Templar  # type: ignore[import-untyped]
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
ROLE = ROOT / "roles" / "enssol"
UV = ROOT / ".venv" / "uv" / "bin" / "uv"
CACHE = ROOT / ".cache" / "releases"

# systemd.exec(5), .service, .socket, .unit and .resource-control of version 229, as far as a web service needs them.
KNOWN_TO_229 = {
    "Unit": {"Description", "Documentation", "Requires", "After", "StartLimitInterval", "StartLimitBurst"},
    "Socket": {"ListenStream", "SocketUser", "SocketGroup", "SocketMode", "DirectoryMode", "Backlog"},
    "Service": {
        *("Type", "User", "Group", "WorkingDirectory", "EnvironmentFile", "Environment", "ExecStart", "KillMode"),
        *("TimeoutStartSec", "TimeoutStopSec", "Restart", "RestartSec", "UMask", "TasksMax", "MemoryLimit"),
        *("NoNewPrivileges", "CapabilityBoundingSet", "PrivateDevices", "PrivateTmp", "ProtectHome", "ProtectSystem"),
        *("ReadOnlyDirectories", "ReadWriteDirectories", "InaccessibleDirectories", "RestrictAddressFamilies"),
        *("SystemCallArchitectures", "SystemCallErrorNumber", "SystemCallFilter"),
    },
    "Install": {"WantedBy", "Also"},
}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROLE / "files" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


build_release = load("build_release")
enssol_release = load("enssol_release")
Host = enssol_release.Host
ReleaseError = enssol_release.ReleaseError


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


def test_no_library_in_a_wheel_asks_for_a_newer_glibc(wheelhouse: Path) -> None:
    newest = {
        f"{wheel.name}: {member}": max(int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", archive.read(member)))
        for wheel in wheelhouse.glob("*manylinux*.whl")
        for archive in [zipfile.ZipFile(wheel)]
        for member in archive.namelist()
        if ".so" in member and b"GLIBC_2." in archive.read(member)
    }
    assert newest
    assert {name: minor for name, minor in newest.items() if minor > 23} == {}


def test_the_host_gets_the_hash_of_every_wheel_it_installs(wheelhouse: Path) -> None:
    locked = dict(re.findall(r"^(\S+)==\S+ --hash=sha256:([0-9a-f]{64})$", (wheelhouse / "lock.txt").read_text(), re.M))
    wheels = {wheel for wheel in wheelhouse.glob("*.whl") if not wheel.name.startswith("pip-")}
    assert {build_release.sha256(wheel) for wheel in wheels} == set(locked.values())


def test_a_release_builds_to_the_same_bytes_twice(tmp_path: Path) -> None:
    source, _ = build_release.find_source(ROOT, "HEAD", "requirements/app.txt", allow_dirty=True)
    first = build_release.Builder(ROOT, CACHE, UV)
    second = build_release.Builder(ROOT, tmp_path, UV)
    with build_release.locked(CACHE):
        archives = [first.archive(source, "app")[0], second.archive(source, "app")[0]]
    assert build_release.sha256(archives[0]) == build_release.sha256(archives[1])
    with tarfile.open(archives[0]) as bundle:
        names = set(bundle.getnames())
    assert {"RELEASE", "app/manage.py", "static/staticfiles.json", "wheels/lock.txt"} <= names
    hashed = re.compile(r"static/.+\.[0-9a-f]{12}\.css$")
    assert any(hashed.match(name) and f"{name}.gz" in names for name in names)


# --- The units --------------------------------------------------------------------------------------------------------
def render(template: str, systemd: int) -> str:
    """Render a template of the role as Ansible does, with the role's own variables."""
    variables: dict[str, Any] = {"ansible_managed": "Managed", "enssol_allowed_hosts": ["app.example.com"]}
    for name in ("defaults", "vars"):
        variables |= yaml.safe_load((ROLE / name / "main.yml").read_text())
    variables |= {"__enssol_systemd_version": systemd, "role_path": str(ROLE)}
    templar = Templar(DataLoader(), variables=variables)
    templar.environment.trim_blocks = True
    return str(templar.template((ROLE / "templates" / f"{template}.j2").read_text(), convert_data=False))


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


@pytest.mark.parametrize("unit", ["enssol.socket", "enssol.service"])
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


# --- What the host does with it ---------------------------------------------------------------------------------------
@pytest.fixture
def host(tmp_path: Path) -> Any:
    """A host with three releases: two served, the second is current, the third was only installed."""
    host = Host(root=tmp_path / "opt", configuration=tmp_path / "etc", lock=tmp_path / "lock")
    for age, name in enumerate(("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")):
        release = host.releases / name
        release.mkdir(parents=True)
        facts = {"release": name, "commit": name, "dirty": False, "lock": "app"}
        (release / "RELEASE").write_text(json.dumps(facts))
        (release / "wheels").mkdir()
        (release / "wheels" / "lock.txt").touch()
        os.utime(release / "RELEASE", (age, age))
        if age < 2:
            (release / "SERVED").touch()
            os.utime(release / "SERVED", (age + 10, age + 10))
    enssol_release.switch(host, host.releases / "bbbbbbbbbbbb")
    return host


def serving(host: Any) -> str:
    return str(enssol_release.linked(host).name)


def only_starts(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Let only these releases start; return the list that each start is added to."""
    starts: list[str] = []

    def restart(host: Any, timeout: float) -> None:
        del timeout
        starts.append(serving(host))
        if serving(host) not in names:
            raise ReleaseError("it broke")

    monkeypatch.setattr(enssol_release, "restart", restart)
    return starts


def test_a_release_that_does_not_serve_is_put_back(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = only_starts(monkeypatch, "bbbbbbbbbbbb")
    new, old = host.releases / "cccccccccccc", host.releases / "bbbbbbbbbbbb"
    with pytest.raises(ReleaseError, match=r"^cccccccccccc does not serve, so bbbbbbbbbbbb serves again: it broke$"):
        enssol_release.put(host, new, old, timeout=1)
    assert starts == ["cccccccccccc", "bbbbbbbbbbbb"]
    assert serving(host) == "bbbbbbbbbbbb"
    assert enssol_release.served_before(host, old).name == "aaaaaaaaaaaa"


def test_rolling_back_goes_further_back_each_time(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only_starts(monkeypatch, "aaaaaaaaaaaa", "cccccccccccc")
    monkeypatch.setattr(enssol_release, "rehearse", lambda *_: None)
    enssol_release.put(host, host.releases / "cccccccccccc", None, timeout=1)
    options = ["--timeout=1", "--keep=5"]
    assert enssol_release.served_before(host, host.releases / "cccccccccccc").name == "bbbbbbbbbbbb"
    only_starts(monkeypatch, "aaaaaaaaaaaa", "bbbbbbbbbbbb")
    parser = enssol_release.command_line()
    enssol_release.serve(host, parser.parse_args(["rollback", *options]))
    assert serving(host) == "bbbbbbbbbbbb"
    enssol_release.serve(host, parser.parse_args(["rollback", *options]))
    assert serving(host) == "aaaaaaaaaaaa"
    with pytest.raises(ReleaseError, match="no earlier release"):
        enssol_release.serve(host, parser.parse_args(["rollback", *options]))


def test_an_unknown_release_is_refused_with_those_there_are(host: Any) -> None:
    with pytest.raises(ReleaseError, match=r"no release \.\./x is installed; there are: bbbbbbbbbbbb, "):
        enssol_release.serve(host, enssol_release.command_line().parse_args(["activate", "../x"]))


def test_the_current_release_and_the_latest_are_kept(host: Any) -> None:
    enssol_release.switch(host, host.releases / "aaaaaaaaaaaa")
    (host.releases / ".partial-dddddddddddd").mkdir()
    (host.releases / "dddddddddddd.tar").touch()
    enssol_release.prune(host, keep=2)
    assert {path.name for path in host.releases.iterdir()} == {"aaaaaaaaaaaa", "bbbbbbbbbbbb"}


@pytest.fixture
def archive(host: Any, tmp_path: Path, wheelhouse: Path) -> Path:
    """A release whose one package is pip, as shipped to the host."""
    stage = tmp_path / "stage"
    for folder in ("app", "static", "wheels"):
        (stage / folder).mkdir(parents=True)
    (stage / "RELEASE").write_text("{}")
    (stage / "app" / "manage.py").write_text("")
    [pip] = wheelhouse.glob("pip-*.whl")
    (stage / "wheels" / "lock.txt").write_text(build_release.pin(pip))
    (stage / "wheels" / pip.name).hardlink_to(pip)
    target: Path = host.releases / "eeeeeeeeeeee.tar"
    with tarfile.open(target, "w") as bundle:
        for path in stage.iterdir():
            bundle.add(path, arcname=path.name)
    return target


@pytest.mark.parametrize("wheelhouse", ["app"], indirect=True)
def test_an_interrupted_installation_is_done_again(host: Any, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = build_release.sha256(archive)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(enssol_release, "make_environment", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            enssol_release.install(host, archive, digest)
    assert "eeeeeeeeeeee" not in {path.name for path in enssol_release.installed(host)}
    assert enssol_release.install(host, archive, digest) == "installed: eeeeeeeeeeee"
    assert (host.releases / "eeeeeeeeeeee" / "venv" / "bin" / "python").exists()
    assert not archive.exists()
    assert enssol_release.install(host, archive, digest) == "unchanged: eeeeeeeeeeee is installed"


@pytest.mark.parametrize("wheelhouse", ["app"], indirect=True)
def test_a_release_with_the_same_wheels_shares_their_files_and_outlives_the_other(host: Any, archive: Path) -> None:
    digest = build_release.sha256(archive)
    again = archive.with_name("ffffffffffff.tar")
    again.hardlink_to(archive)
    for path in (archive, again):
        enssol_release.install(host, path, digest)
    first, second = (host.releases / path.stem / "venv" for path in (archive, again))
    [package] = first.glob("lib/python*/site-packages/pip/__init__.py")
    assert package.samefile(second / package.relative_to(first))
    shutil.rmtree(first.parent)
    done = subprocess.run([second / "bin" / "pip", "--version"], capture_output=True, text=True, check=True)
    assert str(second) in done.stdout


@pytest.mark.parametrize("wheelhouse", ["app"], indirect=True)
def test_a_damaged_archive_is_refused(host: Any, archive: Path) -> None:
    digest = build_release.sha256(archive)
    with archive.open("ab") as handle:
        handle.write(b"noise")
    with pytest.raises(ReleaseError, match="damaged"):
        enssol_release.install(host, archive, digest)
    assert not (host.releases / "eeeeeeeeeeee").exists()


def test_a_setting_is_read_as_systemd_reads_it(host: Any) -> None:
    host.configuration.mkdir()
    (host.configuration / "enssol.env").write_text("# comment\nENSSOL_EMAIL_URL='smtp://a:$b \"c\"@host'\n")
    (host.configuration / "secret.env").write_text("ENSSOL_SECRET_KEY='k'\n")
    found = enssol_release.settings(host)
    assert found["ENSSOL_EMAIL_URL"] == 'smtp://a:$b "c"@host'
    assert found["ENSSOL_SECRET_KEY"] == "k"
