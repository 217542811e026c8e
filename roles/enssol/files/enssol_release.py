"""Install, activate and roll back releases of Enssol, on the host and as root.

Usage:
  enssol-release install ARCHIVE --sha256 DIGEST      unpack a release and give it its own environment
  enssol-release activate RELEASE [--check]           try on a copy, migrate, switch, ask for health; undo on failure
  enssol-release rollback [RELEASE] [--check]         back to the release that served before, or to a named one
  enssol-release list                                 the releases on this host, newest first
  enssol-release manage ARGUMENT...                   manage.py of the current release, as the service's user
  enssol-release replica [--at MOMENT]                make a backup of what the replica holds; print where it is

The switch and its undoing run in this one process: an SSH connection that breaks in between leaves no half of it.
Each command is safe to repeat, prints one line and ends with 0, or says on standard error in one line what failed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enssol_host import Host, ReleaseError, installed, is_serving, linked, run, served_before, start
from enssol_replica import assemble
from enssol_switch import activate, come_home, roll_back

# Bytecode of what the service never imports would only cost the host's processor and disk.
NEVER_IMPORTED = r"/tests?/|/testing/|/locale/"


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
    come_home(host, options.timeout)
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
    commands.add_parser("replica").add_argument("--at", default="", help="a moment with its offset; else the newest")
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
        elif options.command == "replica":
            with locked(host):
                print(assemble(host, options.at))
        else:
            with locked(host):
                print(install(host, options.archive, options.sha256) if "archive" in options else serve(host, options))
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
