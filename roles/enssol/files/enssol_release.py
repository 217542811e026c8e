"""Install, activate and roll back releases of Enssol, on the host and as root.

Usage:
  enssol-release install ARCHIVE --sha256 DIGEST      unpack a release and give it its own environment
  enssol-release activate RELEASE [--check]           migrate, rehearse, switch, ask for its health; undo on failure
  enssol-release rollback [RELEASE] [--check]         back to the release that served before, or to a named one
  enssol-release list                                 the releases on this host, newest first
  enssol-release manage ARGUMENT...                   manage.py of the current release, as the service's user

The switch and its undoing run in this one process: an SSH connection that breaks in between leaves no half of it.
Each command is safe to repeat, prints one line and ends with 0, or says on standard error in one line what failed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import http.client
import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Bytecode of what the service never imports would only cost the host's processor and disk.
NEVER_IMPORTED = r"/tests?/|/testing/|/locale/"
CAPTURED: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


class ReleaseError(Exception):
    """A release cannot be installed or does not serve; the message is one line."""


@dataclass(frozen=True)
class Host:
    """Where things lie; the paths are interfaces of the project and differ in tests only."""

    root: Path = Path("/opt/enssol")
    configuration: Path = Path("/etc/enssol")
    data: Path = Path("/var/lib/enssol")
    socket: Path = Path("/run/enssol/gunicorn.sock")
    units: Path = Path("/etc/systemd/system")
    lock: Path = Path("/run/lock/enssol-release.lock")
    user: str = "enssol"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        return self.root / "current"


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


def manage(host: Host, release: Path, *arguments: str) -> None:
    """Run manage.py of a release; a failure tells the last thing it said."""
    process = start(host, release, "python", "manage.py", *arguments, **CAPTURED)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise ReleaseError(f"`manage.py {' '.join(arguments)}` failed: {last_words(output)}")


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


def wait_ready(host: Host, path: Path, timeout: float, process: subprocess.Popen[str] | None = None) -> None:
    """Wait until the service behind a socket is ready, at most `timeout` seconds, or until its process has ended."""
    deadline = time.monotonic() + timeout
    while reason := unready(host, path):
        if process and process.poll() is not None:
            raise ReleaseError(f"it ended at once: {last_words(process.communicate()[0])}")
        if time.monotonic() > deadline:
            raise ReleaseError(f"not ready after {timeout:.0f} s: {reason}")
        time.sleep(0.1)


# --- Installing -------------------------------------------------------------------------------------------------------
def install(host: Host, archive: Path, digest: str) -> str:
    """Unpack a release and install its wheels; `RELEASE` is written last and says that all of it is there."""
    release = host.releases / archive.stem
    if (release / "RELEASE").exists():
        return f"unchanged: {release.name} is installed"
    with archive.open("rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != digest:
            raise ReleaseError(f"{archive} arrived damaged; deploy again")
    shutil.rmtree(release, ignore_errors=True)
    partial = host.releases / f".partial-{release.name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    run("tar", "--extract", "--no-same-owner", "--file", archive, "--directory", partial)
    (partial / "RELEASE").rename(partial / ".RELEASE")
    # Scripts in an environment name its path, so it is made where it stays.
    partial.rename(release)
    make_environment(host, release)
    (release / ".RELEASE").rename(release / "RELEASE")
    archive.unlink()
    return f"installed: {release.name}"


def make_environment(host: Host, release: Path) -> None:
    """Give a release its environment from its wheels alone, with the bytecode that root must write for the service."""
    environment, wheels = release / "venv", release / "wheels"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    lock = (wheels / "lock.txt").read_text()
    twin = next((path for path in installed(host) if (path / "wheels/lock.txt").read_text() == lock), None)
    if twin:
        copy_packages(twin / "venv", environment)
    else:
        [pip] = wheels.glob("pip-*.whl")
        options = ("--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--require-hashes", "--quiet")
        command = (environment / "bin/python", pip / "pip", "install", *options)
        run(*command, "--find-links", wheels, "--requirement", wheels / "lock.txt")
    bytecode = ("-m", "compileall", "-q", "-x", NEVER_IMPORTED)
    run(environment / "bin/python", *bytecode, environment / "lib", release / "app")
    for wheel in wheels.glob("*.whl"):
        wheel.unlink()


def copy_packages(source: Path, target: Path) -> None:
    """Take the packages of an environment by hard links: nothing changes them, and they cost no time and no disk."""
    run("cp", "--archive", "--link", "--no-target-directory", source / "lib", target / "lib")
    for script in (source / "bin").iterdir():
        if not (target / "bin" / script.name).exists():
            copy = Path(shutil.copy(script, target / "bin"))
            copy.write_text(copy.read_text().replace(str(source), str(target)))


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
    return max(path.stat().st_mtime for path in inputs) < time.time() - age and not unready(host, host.socket)


# --- Switching --------------------------------------------------------------------------------------------------------
def rehearse(host: Host, release: Path, timeout: float) -> None:
    """Start a release on a socket of its own and ask whether it is ready, while the running one serves."""
    with tempfile.TemporaryDirectory(prefix="enssol-rehearsal-", dir="/run") as folder:
        shutil.chown(folder, host.user)
        path = Path(folder, "gunicorn.sock")
        options = ("--config", "python:config.gunicorn", "--bind", f"unix:{path}")
        with start(host, release, "gunicorn", *options, "config.wsgi", **CAPTURED) as gunicorn:
            try:
                wait_ready(host, path, timeout, gunicorn)
            finally:
                gunicorn.terminate()


def switch(host: Host, release: Path) -> None:
    """Point `current` at a release, in one step for everyone who looks."""
    link = host.root / ".current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"releases/{release.name}")
    link.replace(host.current)


def restart(host: Host, timeout: float) -> None:
    """Restart the service; the socket stays open meanwhile, so that requests wait instead of failing."""
    run("systemctl", "daemon-reload")
    if host.socket.exists() and (host.units / "enssol.socket").stat().st_mtime > host.socket.stat().st_mtime:
        run("systemctl", "stop", "enssol.service", "enssol.socket")
    try:
        run("systemctl", "start", "enssol.socket")
        run("systemctl", "restart", "enssol.service")
        wait_ready(host, host.socket, timeout)
    except ReleaseError as error:
        said = run("journalctl", "_SYSTEMD_UNIT=enssol.service", "--lines=3", "--output=cat", "--no-pager")
        # Without this, systemd counts the failed starts against the release that is put back.
        run("systemctl", "reset-failed", "enssol.service", "enssol.socket")
        raise ReleaseError(f"{error} ({last_words(said)})") from error


def put(host: Host, release: Path, fallback: Path | None, timeout: float) -> None:
    """Let a release serve; if it does not, let the fallback serve again and say so."""
    switch(host, release)
    try:
        restart(host, timeout)
    except ReleaseError as error:
        if fallback is None:
            raise ReleaseError(f"{release.name} does not serve and there is none to go back to: {error}") from error
        switch(host, fallback)
        try:
            restart(host, timeout)
        except ReleaseError as second:
            raise ReleaseError(f"neither {release.name} nor {fallback.name} serves: {error}; {second}") from error
        raise ReleaseError(f"{release.name} does not serve, so {fallback.name} serves again: {error}") from error
    (release / "SERVED").touch()


def activate(host: Host, release: Path, before: Path | None, timeout: float) -> None:
    """Check, migrate, rehearse, switch."""
    try:
        manage(host, release, "check", "--deploy", "--fail-level", "WARNING")
        manage(host, release, "migrate", "--noinput")
        rehearse(host, release, timeout)
    except ReleaseError as error:
        stays = f"{before.name} goes on" if before else "nothing serves yet"
        raise ReleaseError(f"{release.name} was not activated, {stays}: {error}") from error
    only_restarted = before == release and (release / "SERVED").exists()
    put(host, release, None if only_restarted else served_before(host, release), timeout)


def roll_back(host: Host, release: Path, before: Path | None, timeout: float) -> None:
    """Return to a release; the one left behind counts as not having served, so nothing returns to it unasked."""
    rehearse(host, release, timeout)
    if before == release:
        before = None
    put(host, release, before, timeout)
    if before:
        (before / "SERVED").unlink(missing_ok=True)


def prune(host: Host, keep: int) -> None:
    """Remove releases beyond the newest `keep`, never the current one, and what an interrupted run left."""
    current = linked(host)
    kept = [current, *(path for path in installed(host) if path != current)][:keep]
    for path in host.releases.iterdir():
        if path not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def locked(host: Host) -> Iterator[None]:
    """Refuse to run beside another deployment."""
    with host.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReleaseError("another deployment is running on this host; wait for it") from error
        yield


# --- Command line -----------------------------------------------------------------------------------------------------
def listing(host: Host) -> str:
    """One line per release: name, commit, and whether it is current or has served."""
    lines = []
    for release in installed(host):
        facts = json.loads((release / "RELEASE").read_text())
        state = "current" if release == linked(host) else "served" if (release / "SERVED").exists() else "installed"
        lines.append(f"{release.name} {facts['commit'][:12]}{'+' if facts['dirty'] else ''} {facts['lock']} {state}")
    return "\n".join(lines)


def serve(host: Host, options: argparse.Namespace) -> str:
    """Activate a release or roll back to one, unless it serves already; return what to print."""
    before = linked(host)
    release = host.releases / options.release if options.release else served_before(host, before)
    if release is None:
        raise ReleaseError("no earlier release has served on this host; deploy one")
    if before == release and is_serving(host, release):
        return f"unchanged: {release.name} serves"
    if options.check:
        return f"would be activated: {release.name}"
    if release not in installed(host):
        known = ", ".join(path.name for path in installed(host)) or "none"
        raise ReleaseError(f"no release {options.release} is installed; there are: {known}")
    change = activate if options.command == "activate" else roll_back
    change(host, release, before, options.timeout)
    prune(host, options.keep)
    return f"activated: {release.name}" + (f" after {before.name}" if before else "")


def hand_over(host: Host, arguments: list[str]) -> int:
    """Run manage.py on the caller's terminal and return its exit code."""
    release = linked(host)
    if release is None:
        raise ReleaseError("no release is active on this host; deploy one")
    program = str(release / "app/manage.py")
    process = start(host, release, "python", program, *arguments, cwd=Path.cwd())
    # Ctrl-C is for the command, which decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return process.wait()


def command_line() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="enssol-release", description=__doc__, formatter_class=layout)
    commands = parser.add_subparsers(dest="command", required=True)
    option = commands.add_parser("install")
    option.add_argument("archive", type=Path)
    option.add_argument("--sha256", required=True)
    for name, number in (("activate", None), ("rollback", "?")):
        option = commands.add_parser(name)
        option.add_argument("release", nargs=number)
        option.add_argument("--timeout", type=float, default=60, help="seconds to wait for readiness")
        option.add_argument("--keep", type=int, default=5, help="releases to keep")
        option.add_argument("--check", action="store_true", help="say what would happen")
    commands.add_parser("list")
    commands.add_parser("manage").add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main() -> None:
    host, options = Host(), command_line().parse_args()
    if os.geteuid() != 0:
        sys.exit("run it as root: sudo enssol-release ...")
    try:
        if options.command == "manage":
            sys.exit(hand_over(host, options.arguments))
        if options.command == "list":
            print(listing(host))
        else:
            with locked(host):
                print(install(host, options.archive, options.sha256) if "archive" in options else serve(host, options))
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
