"""What a host that serves Enssol has: paths, services, releases, and how a program of a release is run there."""

from __future__ import annotations

import http.client
import pwd
import shlex
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CAPTURED: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


class ReleaseError(Exception):
    """A release cannot be installed or does not serve; the message is one line."""


@dataclass(frozen=True)
class Host:
    """Where things lie; the paths are interfaces of the project and differ in tests only."""

    root: Path = Path("/opt/enssol")
    configuration: Path = Path("/etc/enssol")
    data: Path = Path("/var/lib/enssol")
    sockets: Path = Path("/run/enssol")
    rehearsal: Path = Path("/run/enssol-rehearsal.env")
    units: Path = Path("/etc/systemd/system")
    lock: Path = Path("/run/lock/enssol-release.lock")
    user: str = "enssol"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def socket(self) -> Path:
        """Where nginx connects: a link to the socket of the one of the two services that people meet."""
        return self.sockets / "gunicorn.sock"


@dataclass(frozen=True)
class Service:
    """A unit that serves the release that a link below /opt/enssol names, on a socket below /run/enssol."""

    unit: str
    link: str
    socket: str


MAIN = Service("enssol", "current", "main.sock")
# People meet it while the main one restarts; otherwise it rests.
SPARE = Service("enssol-spare", "spare", "spare.sock")


def last_words(output: str) -> str:
    """Return the end of what a command wrote as one line, without systemctl's advice to look at its log."""
    lines = [line.strip() for line in output.strip().splitlines() if not line.startswith("See ")]
    return " | ".join(lines[-3:])


def run(*command: str | Path) -> str:
    """Run a command and return what it says; a failure becomes a ReleaseError."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode != 0:
        raise ReleaseError(f"`{' '.join(map(str, command[:4]))}` failed: {last_words(done.stderr or done.stdout)}")
    return done.stdout.strip()


# --- What runs in the service's name ----------------------------------------------------------------------------------
def settings(host: Host) -> dict[str, str]:
    """Return the service's environment: the lines NAME='value' of /etc/enssol/*.env."""
    found = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(host.data), "LANG": "C.UTF-8"}
    for path in sorted(host.configuration.glob("*.env")):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        found |= {name: value for name, _, value in (shlex.split(line)[0].partition("=") for line in lines)}
    return found


def start(host: Host, release: Path, *command: str, **options: Any) -> subprocess.Popen[str]:
    """Start a program of a release as the service's user; `command[0]` is the name of one in its environment."""
    account = pwd.getpwnam(host.user)
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "umask": 0o077}
    program = [str(release / "venv/bin" / command[0]), *command[1:]]
    options = {"cwd": release / "app", "env": settings(host), "text": True, **identity, **options}
    return subprocess.Popen(program, **options)  # noqa: S603 - no shell


def manage(host: Host, release: Path, *arguments: str, given: dict[str, str] | None = None) -> str:
    """Run manage.py of a release, with settings `given` in place of the host's, and return what it says."""
    environment = settings(host) | (given or {})
    process = start(host, release, "python", "manage.py", *arguments, env=environment, **CAPTURED)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise ReleaseError(f"`manage.py {' '.join(arguments)}` failed: {last_words(output)}")
    return output.strip()


def unready(host: Host, path: Path) -> str:
    """Ask for /readyz as nginx would; return why the service is not ready, or nothing if it is."""
    name = settings(host).get("ENSSOL_ALLOWED_HOSTS", "localhost").split(",")[0]
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    try:
        connection.sock.connect(str(path))
        connection.request("GET", "/readyz", headers={"Host": name, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        reason = answer.read(300).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error})"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/readyz answers {answer.status}: {last_words(reason)}"


def wait_ready(host: Host, path: Path, timeout: float) -> None:
    """Wait until the service behind a socket is ready, at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while reason := unready(host, path):
        if time.monotonic() > deadline:
            raise ReleaseError(f"not ready after {timeout:.0f} s: {reason}")
        time.sleep(0.1)


# --- What is there ----------------------------------------------------------------------------------------------------
def installed(host: Host) -> list[Path]:
    """Complete releases: those that served well first, the latest before the others."""

    def served(release: Path) -> tuple[float, float]:
        mark = release / "SERVED"
        return (mark.stat().st_mtime if mark.exists() else 0, (release / "RELEASE").stat().st_mtime)

    return sorted((mark.parent for mark in host.releases.glob("*/RELEASE")), key=served, reverse=True)


def linked(host: Host) -> Path | None:
    """Return the release that `current` names."""
    return host.releases / host.current.readlink().name if host.current.is_symlink() else None


def met(host: Host) -> Service | None:
    """Return the service that nginx connects to."""
    name = host.socket.readlink().name if host.socket.is_symlink() else ""
    return next((service for service in (MAIN, SPARE) if service.socket == name), None)


def served_before(host: Host, release: Path | None) -> Path | None:
    """Return the release that served well most recently, other than this one."""
    return next((path for path in installed(host) if path != release and (path / "SERVED").exists()), None)


def is_serving(host: Host, release: Path) -> bool:
    """Whether the service runs from this release, began after its configuration was written, and is ready.

    The kernel and the file times are asked, not a record, so a run that was interrupted is noticed.
    """
    properties = ("--property=MainPID", "--property=ExecMainStartTimestampMonotonic")
    facts = dict(line.split("=", 1) for line in run("systemctl", "show", "enssol.service", *properties).splitlines())
    if Path("/proc", facts["MainPID"], "cwd").resolve() != (release / "app").resolve():
        return False
    age = time.clock_gettime(time.CLOCK_MONOTONIC) - int(facts["ExecMainStartTimestampMonotonic"]) / 1e6
    inputs = [*host.configuration.glob("*.env"), *host.units.glob("enssol.s*")]
    fresh = max(path.stat().st_mtime for path in inputs) < time.time() - age
    return fresh and met(host) == MAIN and not unready(host, host.socket)
