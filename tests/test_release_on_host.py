"""Releases on the host: one that does not serve is put back, an interrupted installation is done again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from role_scripts import ROOT, load

build_release = load("enssol", "build_release")
enssol_release = load("enssol", "enssol_release")
Host = enssol_release.Host
ReleaseError = enssol_release.ReleaseError


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
    assert "eeeeeeeeeeee" not in {path.name for path in enssol_release.installed(host)}
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
    found = enssol_release.settings(host)
    assert found["ENSSOL_EMAIL_URL"] == 'smtp://a:$b "c"@host'
    assert found["ENSSOL_SECRET_KEY"] == "k"
