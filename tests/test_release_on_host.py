"""Releases on the host: one that does not serve is put back, an interrupted installation is done again."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from role_scripts import ROOT, load

build_release = load("enssol", "build_release")
enssol_host = load("enssol", "enssol_host")
enssol_switch = load("enssol", "enssol_switch")
enssol_release = load("enssol", "enssol_release")
Host = enssol_host.Host
ReleaseError = enssol_host.ReleaseError


@pytest.fixture
def host(tmp_path: Path) -> Any:
    """A host with three releases: two served, the second is current, the third was only installed."""
    places = {name: tmp_path / name for name in ("configuration", "data", "sockets", "rehearsal", "lock")}
    host = Host(root=tmp_path / "opt", **places)
    host.data.mkdir()
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
    enssol_switch.switch(host, host.releases / "bbbbbbbbbbbb")
    return host


def serving(host: Any) -> str:
    return str(enssol_host.linked(host).name)


def only_starts(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Let only these releases start; return the list that each start is added to, and the end of the spare."""
    starts: list[str] = []

    def restart(host: Any, timeout: float, service: Any = enssol_switch.MAIN) -> None:
        del timeout
        if service == enssol_switch.MAIN:
            # Whoever comes now must find somebody.
            assert enssol_host.met(host) == enssol_switch.SPARE
            starts.append(serving(host))
            if serving(host) not in names:
                raise ReleaseError("it broke")

    monkeypatch.setattr(enssol_switch, "restart", restart)
    monkeypatch.setattr(enssol_switch, "stop_spare", lambda _: starts.append("spare stopped"))
    return starts


def test_a_release_that_does_not_serve_is_put_back(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = only_starts(monkeypatch, "bbbbbbbbbbbb")
    new, old = host.releases / "cccccccccccc", host.releases / "bbbbbbbbbbbb"
    with pytest.raises(ReleaseError, match=r"^cccccccccccc does not serve, so bbbbbbbbbbbb serves again: it broke$"):
        enssol_switch.put(host, new, old, timeout=1)
    assert starts == ["cccccccccccc", "bbbbbbbbbbbb", "spare stopped"]
    assert enssol_host.met(host) == enssol_switch.MAIN
    assert serving(host) == "bbbbbbbbbbbb"
    assert enssol_host.served_before(host, old).name == "aaaaaaaaaaaa"


def test_what_still_serves_when_neither_release_does_is_left_alone(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = only_starts(monkeypatch)
    new, old = host.releases / "cccccccccccc", host.releases / "bbbbbbbbbbbb"
    with pytest.raises(ReleaseError, match=r"^neither cccccccccccc nor bbbbbbbbbbbb serves"):
        enssol_switch.put(host, new, old, timeout=1)
    assert starts == ["cccccccccccc", "bbbbbbbbbbbb"]
    assert enssol_host.met(host) == enssol_switch.SPARE


def test_the_service_takes_over_again_after_an_interrupted_run(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host.sockets.mkdir()
    enssol_switch.point(host.socket, enssol_switch.SPARE.socket)
    done = only_starts(monkeypatch)
    monkeypatch.setattr(enssol_switch, "run", lambda *command: done.append(" ".join(command)))
    monkeypatch.setattr(enssol_switch, "wait_ready", lambda *_: None)
    enssol_switch.come_home(host, timeout=1)
    assert done == ["systemctl start enssol.socket enssol.service", "spare stopped"]
    assert enssol_host.met(host) == enssol_switch.MAIN


def test_whoever_has_connected_is_waited_for_whether_accepted_or_not(tmp_path: Path) -> None:
    path = tmp_path / "main.sock"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(path))
        listening.listen()
        assert enssol_switch.connections(path) == 0
        client.connect(str(path))
        assert enssol_switch.connections(path) == 1
        accepted, _ = listening.accept()
        with accepted:
            assert enssol_switch.connections(path) == 1
        assert enssol_switch.connections(path) == 0


def test_a_release_serves_the_static_files_of_the_others(host: Any) -> None:
    for name, content in (("aaaaaaaaaaaa", "old"), ("cccccccccccc", "new")):
        static = host.releases / name / "static"
        static.mkdir()
        index = {"paths": {"site.css": f"site.{content}.css"}}
        for path, text in (("staticfiles.json", json.dumps(index)), (f"site.{content}.css", content)):
            (static / path).write_text(text)
    for name in ("cccccccccccc", "aaaaaaaaaaaa"):
        enssol_switch.share_static(host, host.releases / name)
        found = {path.name: path.read_text() for path in (host.releases / name / "static").glob("*.css")}
        assert found == {"site.old.css": "old", "site.new.css": "new"}


class Manage:
    """manage.py of every release; the one that runs cannot work with the migrated copy."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, host: Any, release: Path, *arguments: str, given: dict[str, str] | None = None) -> str:
        place = "copy" if given else "database"
        self.calls.append(f"{release.name[0]} {arguments[0]} {place}")
        if arguments == ("migrate", "--check"):
            raise ReleaseError("there is one to apply")
        if arguments[0] == "check_schema":
            raise ReleaseError("no such column")
        return "sqlite:////copy"


def test_migrations_that_the_running_release_cannot_work_with_stay_out_of_the_database(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manage = Manage()
    monkeypatch.setattr(enssol_switch, "manage", manage)
    monkeypatch.setattr(enssol_switch.pwd, "getpwnam", lambda _: pwd.getpwuid(os.getuid()))
    check = host.releases / "bbbbbbbbbbbb" / enssol_switch.CHECK
    check.parent.mkdir(parents=True)
    check.touch()
    new, old = host.releases / "cccccccccccc", host.releases / "bbbbbbbbbbbb"
    with pytest.raises(ReleaseError, match=r"^cccccccccccc was not activated, bbbbbbbbbbbb goes on: .*no such column$"):
        enssol_switch.activate(host, new, old, timeout=1)
    assert manage.calls == [
        "c check database",
        "c migrate database",  # --check
        "c copy_database database",
        "c migrate copy",
        "b check_schema copy",
        "c copy_database database",  # --remove
    ]
    assert list(host.data.iterdir()) == []
    assert not host.rehearsal.exists()
    assert serving(host) == "bbbbbbbbbbbb"


def test_rolling_back_goes_further_back_each_time(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only_starts(monkeypatch, "aaaaaaaaaaaa", "cccccccccccc")
    monkeypatch.setattr(enssol_switch, "rehearse", lambda *_: None)
    enssol_switch.put(host, host.releases / "cccccccccccc", None, timeout=1)
    options = ["--timeout=1", "--keep=5"]
    assert enssol_host.served_before(host, host.releases / "cccccccccccc").name == "bbbbbbbbbbbb"
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
    enssol_switch.switch(host, host.releases / "aaaaaaaaaaaa")
    (host.releases / ".partial-dddddddddddd").mkdir()
    (host.releases / "dddddddddddd.tar").touch()
    enssol_release.prune(host, keep=2)
    assert {path.name for path in host.releases.iterdir()} == {"aaaaaaaaaaaa", "bbbbbbbbbbbb"}


@pytest.fixture(scope="module")
def pip() -> Path:
    """pip's wheel, from the cache that deployments use."""
    cache = ROOT / ".cache" / "releases"
    source, _ = build_release.find_source(ROOT, "HEAD", "requirements/app.txt", allow_dirty=True)
    with build_release.locked(cache):
        builder = build_release.Builder(ROOT, cache, ROOT / ".venv" / "uv" / "bin" / "uv")
        [wheel] = builder.wheelhouse(source.lock, source.tools).glob("pip-*.whl")
    return Path(wheel)


@pytest.fixture
def archive(host: Any, tmp_path: Path, pip: Path) -> Path:
    """A release whose one package is pip, as shipped to the host."""
    stage = tmp_path / "stage"
    for folder in ("app", "static", "wheels"):
        (stage / folder).mkdir(parents=True)
    (stage / "RELEASE").write_text("{}")
    (stage / "app" / "manage.py").write_text("")
    (stage / "wheels" / "lock.txt").write_text(build_release.pin(pip))
    (stage / "wheels" / pip.name).hardlink_to(pip)
    target: Path = host.releases / "eeeeeeeeeeee.tar"
    with tarfile.open(target, "w") as bundle:
        for path in stage.iterdir():
            bundle.add(path, arcname=path.name)
    return target


def test_an_interrupted_installation_is_done_again(host: Any, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = build_release.sha256(archive)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(enssol_release, "make_environment", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            enssol_release.install(host, archive, digest)
    assert "eeeeeeeeeeee" not in {path.name for path in enssol_host.installed(host)}
    assert enssol_release.install(host, archive, digest) == "installed: eeeeeeeeeeee"
    assert (host.releases / "eeeeeeeeeeee" / "venv" / "bin" / "python").exists()
    assert not archive.exists()
    assert enssol_release.install(host, archive, digest) == "unchanged: eeeeeeeeeeee is installed"


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
    found = enssol_host.settings(host)
    assert found["ENSSOL_EMAIL_URL"] == 'smtp://a:$b "c"@host'
    assert found["ENSSOL_SECRET_KEY"] == "k"
