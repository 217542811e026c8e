"""What the builder of nginx takes, refuses and keeps; the compiler itself runs in `make test-nginx`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from role_scripts import ROOT, load

build_nginx = load("nginx", "build_nginx")
SOURCES = yaml.safe_load((ROOT / "roles/nginx/files/sources.yml").read_text())


class Index:
    """Stands in for Debian's index: what it offers is told by the test."""

    def __init__(self, content: bytes = b"", versions: dict[str, list[str]] | None = None) -> None:
        self.content = content
        self.versions = versions or {}

    def fetch(self, package: str, digest: str, target: Path) -> None:
        if not self.content:
            raise build_nginx.BuildError(f"Debian's index has no {package} with the digest {digest[:12]}…")
        target.write_bytes(self.content)

    def upstream_versions(self, package: str) -> list[str]:
        return self.versions.get(package, [])


def source(content: bytes, **given: Any) -> dict[str, Any]:
    return {"version": "1.0", "archives": [{"sha256": hashlib.sha256(content).hexdigest(), **given}]}


def test_a_source_is_fetched_once_and_kept_by_its_digest(tmp_path: Path) -> None:
    wanted = source(b"right")
    kept = build_nginx.fetch("nginx", wanted, tmp_path, Index(b"right"))
    assert kept.read_bytes() == b"right"
    assert build_nginx.fetch("nginx", wanted, tmp_path, Index()) == kept


def test_upstream_is_asked_first_and_debian_when_it_does_not_answer(tmp_path: Path) -> None:
    upstream = tmp_path / "upstream.tar.gz"
    upstream.write_bytes(b"right")
    kept = build_nginx.fetch("nginx", source(b"right", url=upstream.as_uri()), tmp_path, Index(b"other"))
    assert kept.read_bytes() == b"right"
    missing = source(b"also right", url=(tmp_path / "none").as_uri())
    assert build_nginx.fetch("nginx", missing, tmp_path, Index(b"also right")).read_bytes() == b"also right"


def test_a_source_with_another_digest_is_refused_wherever_it_comes_from(tmp_path: Path) -> None:
    forged = tmp_path / "forged.tar.gz"
    forged.write_bytes(b"forged")
    with pytest.raises(build_nginx.BuildError, match="another digest than the pinned one"):
        build_nginx.fetch("nginx", source(b"right", url=forged.as_uri()), tmp_path, Index(b"forged, too"))
    assert list((tmp_path / "sources").glob("*.tar.gz")) == []


def test_a_spoilt_archive_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    kept = build_nginx.fetch("zlib", source(b"right"), tmp_path, Index(b"right"))
    kept.write_bytes(b"spoilt")
    assert build_nginx.fetch("zlib", source(b"right"), tmp_path, Index(b"right")).read_bytes() == b"right"


@pytest.mark.parametrize(
    ("released", "said"),
    [
        ({}, []),
        ({"nginx": ["1.30.6", "1.26.3"], "openssl": ["3.5.9"]}, []),
        # Another minor of the same kind of series is newer; a development release or another series is not.
        ({"nginx": ["1.32.0", "1.31.5"]}, ["nginx 1.32.0 is out, and 1.30.6 is built"]),
        ({"nginx": ["1.31.5"], "openssl": ["4.0.3", "3.6.5"]}, []),
        ({"openssl": ["4.0.3", "3.5.10"], "zlib": ["1.3.2"]}, ["openssl 3.5.10 is out, and 3.5.9 is built"]),
    ],
)
def test_a_newer_release_of_the_same_kind_is_named(released: dict[str, list[str]], said: list[str]) -> None:
    pinned = {name: SOURCES[name] | {"version": version} for name, version in PINNED.items()}
    assert build_nginx.newer(pinned, Index(versions=released)) == said


PINNED = {"nginx": "1.30.6", "openssl": "3.5.9", "pcre2": "10.49", "zlib": "1.3.2"}


def test_debians_numbers_are_read_as_upstreams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = build_nginx.Debian(tmp_path)
    stanzas = ["Version: 1:1.3.dfsg+really1.3.2-4\n", "Version: 3.5.7-1~deb13u3\n"]
    monkeypatch.setattr(index, "stanzas", lambda _: stanzas)
    assert index.upstream_versions("any") == ["1.3.2", "3.5.7"]


def test_what_is_built_is_named_after_sources_compiler_and_recipe(tmp_path: Path) -> None:
    sources, lock = tmp_path / "sources.yml", tmp_path / "lock.txt"
    sources.write_text(yaml.safe_dump(SOURCES))
    lock.write_text("ziglang==1\n")
    first = build_nginx.Recipe(sources, lock).name
    assert first.startswith(SOURCES["nginx"]["version"] + "-")
    assert build_nginx.Recipe(sources, lock).name == first
    lock.write_text("ziglang==2\n")
    assert build_nginx.Recipe(sources, lock).name != first


def test_what_was_built_before_is_taken_from_the_cache(tmp_path: Path) -> None:
    sources, lock, cache = ROOT / "roles/nginx/files/sources.yml", ROOT / "requirements/nginx.txt", tmp_path / "cache"
    name = build_nginx.Recipe(sources, lock).name
    (cache / name).mkdir(parents=True)
    (cache / name / "versions.json").write_text("{}")
    command = [sys.executable, str(ROOT / "roles/nginx/files/build_nginx.py"), f"--sources={sources}", f"--lock={lock}"]
    done = subprocess.run([*command, f"--cache={cache}", "--uv=none"], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    assert (said["name"], said["built"], said["folder"]) == (name, False, str(cache / name))


def test_a_build_that_fails_says_so_in_one_line_and_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yml"
    gone = {"sha256": "0" * 64, "url": (tmp_path / "gone").as_uri()}
    sources.write_text(yaml.safe_dump({"nginx": {"version": "1.0", "archives": [gone]}}))
    command = [sys.executable, str(ROOT / "roles/nginx/files/build_nginx.py"), f"--sources={sources}"]
    command += [f"--lock={ROOT / 'requirements/nginx.txt'}", f"--cache={tmp_path / 'cache'}", "--uv=none"]
    # Without apt, as on a controller that is no Debian.
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("nginx was not built: no archive of nginx 1.0: ")
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "cache").glob("[!.]*")] == ["sources"]


@pytest.mark.parametrize("versions", [{"nginx": "9.9.9", "openssl": "3.5.9"}, {"nginx": "1.30.6", "openssl": "9.9.9"}])
def test_a_program_that_does_not_say_what_was_asked_for_is_refused(tmp_path: Path, versions: dict[str, str]) -> None:
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\necho 'nginx version: nginx/1.30.6\nbuilt with OpenSSL 3.5.9 1 Jan 2026' >&2\n")
    program.chmod(0o755)
    build_nginx.check(program, {"nginx": "1.30.6", "openssl": "3.5.9"})
    with pytest.raises(build_nginx.BuildError, match=r"does not say .*9\.9\.9"):
        build_nginx.check(program, versions)
