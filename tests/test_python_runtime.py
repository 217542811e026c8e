"""The python_runtime role run for real on this machine, with an archive and a server of the test's own."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PIN = yaml.safe_load((ROOT / "roles/python_runtime/vars/main.yml").read_text())["python_runtime_standalone"]
NAME = f"cpython-{PIN['version']}+{PIN['release']}"
ARCHIVE = f"{NAME}-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
PLAYBOOK = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "roles": ["python_runtime"],
        "handlers": [
            {"name": "Listen", "ansible.builtin.debug": {"msg": "restarted"}, "listen": "Python changed"},
        ],
    }
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


@dataclass
class Mirror:
    """A folder that is served, and what was put there."""

    folder: Path
    url: str

    def offer(self, body: str) -> str:
        """Offer an archive whose python3.11 is this shell script; return its digest."""
        path = self.folder / ARCHIVE
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo("python/bin/python3.11")
            member.mode, content = 0o755, f"#!/bin/sh\n{body}\n".encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Mirror(folder, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@dataclass
class Outcome:
    ok: bool
    changed: int
    output: str


class Host:
    """The part of a host that the role writes to; its distribution has no Python that would do."""

    def __init__(self, root: Path, mirror: Mirror) -> None:
        self.root = root
        self.mirror = mirror
        self.runtimes = root / "opt"
        self.executable = root / "bin" / "python"
        (root / "play.json").write_text(json.dumps(PLAYBOOK))

    def run(self, sha256: str, *arguments: str) -> Outcome:
        variables = {
            "python_runtime_executable": str(self.executable),
            "python_runtime_distribution": str(self.root / "no-python"),
            "python_runtime_dir": str(self.runtimes),
            "python_runtime_cache_dir": str(self.root / "cache"),
            "python_runtime_url": self.mirror.url,
            "python_runtime_standalone": PIN | {"sha256": sha256},
        }
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                self.root / "play.json",
                "-e",
                json.dumps(variables),
                *arguments,
            ],
            env=os.environ
            | {
                "ANSIBLE_ROLES_PATH": str(ROOT / "roles"),
                "ANSIBLE_STDOUT_CALLBACK": "json",
                "ANSIBLE_LOCALHOST_WARNING": "false",
            },
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )
        stats = json.loads(done.stdout)["stats"]["localhost"]
        return Outcome(done.returncode == 0, stats["changed"], done.stdout)

    def says(self) -> str:
        return subprocess.run([self.executable, "x"], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def host(tmp_path: Path, mirror: Mirror) -> Host:
    return Host(tmp_path, mirror)


def test_a_host_without_a_suitable_python_gets_the_pinned_one_once_and_calls_it_by_one_name(
    host: Host, mirror: Mirror
) -> None:
    digest = mirror.offer("echo standalone")

    preview = host.run(digest, "--check")
    assert preview.ok
    assert not host.runtimes.exists()

    interrupted = host.runtimes / f"{NAME}.partial" / "bin" / "python3.11"
    interrupted.parent.mkdir(parents=True)
    interrupted.write_text("half")
    assert host.run(digest).ok
    assert host.says() == "standalone\n"
    assert {path.name for path in host.runtimes.iterdir()} == {NAME, "current"}

    # What is there needs neither the mirror nor a change.
    (mirror.folder / ARCHIVE).unlink()
    again = host.run(digest)
    assert (again.ok, again.changed) == (True, 0)


def test_another_archive_than_the_pinned_one_never_reaches_the_host(host: Host, mirror: Mirror) -> None:
    mirror.offer("echo forged")
    refused = host.run("0" * 64)
    assert not refused.ok
    assert "checksum" in refused.output
    assert not host.runtimes.exists()
    assert not host.executable.exists()
    assert list((host.root / "cache").iterdir()) == []


def test_one_that_does_not_run_here_is_never_switched_to(host: Host, mirror: Mirror) -> None:
    assert not host.run(mirror.offer("echo GLIBC_2.99 not found >&2; exit 1")).ok
    assert not host.executable.exists()
    assert not (host.runtimes / "current").exists()


def test_the_pinned_digest_is_the_one_that_uv_expects(mirror: Mirror, tmp_path: Path) -> None:
    folder = mirror.folder / PIN["release"]
    folder.mkdir()
    mirror.offer("echo other")
    (mirror.folder / ARCHIVE).rename(folder / ARCHIVE)
    done = subprocess.run(
        [
            ROOT / ".venv/uv/bin/uv",
            "python",
            "install",
            "--no-bin",
            f"--install-dir={tmp_path / 'never'}",
            PIN["version"],
        ],
        env=os.environ | {"UV_PYTHON_INSTALL_MIRROR": mirror.url, "UV_HTTP_RETRIES": "0"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    expected = done.stderr.partition("Expected:")[2].split()[0]
    assert expected == PIN["sha256"]
