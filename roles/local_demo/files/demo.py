"""Take this machine from bare to a running site, or back; `make demo`, `make demo-down` and `make demo-code` call it.

Usage: demo.py up | down | code
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import preflight

PROJECT = Path(__file__).resolve().parents[3]
LOCAL = PROJECT / ".local"
LOG = LOCAL / "demo.log"
REPORT = LOCAL / "demo.json"
CACHE = PROJECT / ".cache"
ROOTFS = PROJECT / "roles/local_guest/files/rootfs"
# What the defaults of the role local_guest say; asked for here while there is no Ansible yet.
# The mirror is this machine's own.
SUITE, MIRROR, USER = "bookworm", "", "ubuntu"
COMMANDS = {
    "git": "git",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nmap": "nmap",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
STAND_IN = {
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{preflight.AWS_PORT}",
    "AWS_ACCESS_KEY_ID": "stand-in",
    "AWS_SECRET_ACCESS_KEY": "stand-in",
    "AWS_EC2_METADATA_DISABLED": "true",
}
TOTP_SECONDS = 30


class DemoError(Exception):
    """Why it cannot go on, for the person who waits."""


def environment() -> dict[str, str]:
    """This process's environment with the stand-in for AWS, and with nothing that leads to the real one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    path = f"{PROJECT}/.venv/controller/bin:{os.environ['PATH']}:/usr/sbin:/sbin"
    return {**kept, **STAND_IN, "PATH": path, "ANSIBLE_CONFIG": f"{PROJECT}/ansible.cfg", "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def alone() -> Iterator[int]:
    """Hold the project for one run at a time, and yield what its commands must hold. Locks on folders leave no file.

    The second lock is the commands': after a run was killed, the next waits until what it had started has ended.
    """
    run, commands = (os.open(folder, os.O_RDONLY) for folder in (PROJECT, PROJECT / "playbooks"))
    try:
        try:
            fcntl.flock(run, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Another make demo or demo-down is at work here: wait, or kill {holder(run)}") from None
        fcntl.flock(commands, fcntl.LOCK_EX)
        yield commands
    finally:
        os.close(run)
        os.close(commands)


def holder(handle: int) -> str:
    """The process that has locked an open file."""
    inode = os.fstat(handle).st_ino
    locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return next((lock[4] for lock in locks if lock[5].endswith(f":{inode}")), "it")


class Run:
    """A numbered sequence of stages whose commands write to one log."""

    def __init__(self, stages: int, lock: int) -> None:
        self.stages, self.lock = stages, lock
        self.number = 0
        LOCAL.mkdir(exist_ok=True)
        self.log: IO[bytes] = LOG.open("wb")
        self.children: list[subprocess.Popen[bytes]] = []
        self.whole: list[subprocess.Popen[bytes]] = []

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Say what is being done, then how long it took."""
        with timed(self.numbered(title)):
            yield

    def numbered(self, title: str) -> str:
        self.number += 1
        return f"[{self.number}/{self.stages}] {title}"

    def start(self, *command: str | Path, output: int | IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, so that it and all it started can be ended together."""
        child = subprocess.Popen(  # noqa: S603 - no shell
            command,
            cwd=PROJECT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output or self.log,
            stderr=subprocess.STDOUT,
            pass_fds=(self.lock,),
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def finish(self, child: subprocess.Popen[bytes]) -> None:
        """Wait for a command; its failure is a DemoError with its last words."""
        if child.wait():
            self.log.flush()
            raise DemoError(f"\n{last_words(LOG.read_text(errors='replace'))}\n\nThe whole log: {shown(LOG)}")

    def call(self, *command: str | Path) -> None:
        self.finish(self.start(*command))

    def call_whole(self, *command: str | Path) -> None:
        """Call what must not be stopped halfway, the installer of packages."""
        self.whole.append(self.start(*command))
        self.finish(self.whole[-1])

    def bring_local(self, state: str) -> None:
        self.call("ansible-playbook", "playbooks/local.yml", "-i", "localhost,", "-e", f"local_state={state}")

    def bring_site(self) -> str:
        """Run the playbooks of every environment, then the report; each play is a timed line. Return the recap."""
        playbooks = [
            "playbooks/site.yml",
            "playbooks/local.yml",
            "-i",
            "inventories/local",
            "-e",
            "local_state=reported",
        ]
        child = self.start("ansible-playbook", *playbooks, output=subprocess.PIPE)
        assert child.stdout  # noqa: S101 - for the type checker: PIPE was asked for
        recap = {}  # of each host the last, which counts all plays
        with contextlib.ExitStack() as play:
            for line in child.stdout:
                self.log.write(line)
                text = line.decode(errors="replace").rstrip()
                if match := re.match(r"PLAY (?:\[(.*)\]|RECAP) \*", text):
                    play.close()
                    if match[1]:
                        play.enter_context(timed(f"      {match[1]}"))
                elif match := re.match(r"(\S+) +: ok=", text):
                    recap[match[1]] = f"      {text}"
            self.finish(child)
        return "\n".join(recap.values())

    def stop(self) -> None:
        """End the commands that still run, and what they started; wait for those that must not be stopped."""
        for child in self.children:
            if child.poll() is None and child not in self.whole:
                os.killpg(child.pid, signal.SIGTERM)
        for child in self.children:
            child.wait()


@contextlib.contextmanager
def timed(title: str) -> Iterator[None]:
    """Print what begins, and at its end the seconds on the same line."""
    started = time.monotonic()
    print(f"{title:<74} ", end="", flush=True)
    yield
    print(f"{time.monotonic() - started:6.1f} s", flush=True)


def last_words(log: str) -> str:
    """The last failure that Ansible reported in a log, else the log's last lines."""
    lines = log.strip().splitlines()
    failed = [number for number, line in enumerate(lines) if line.startswith(("fatal: ", "failed: ", "ERROR! "))]
    start = failed[-1] if failed else max(0, len(lines) - 5)
    end = next((number for number in range(start, len(lines)) if lines[number].startswith("PLAY RECAP")), len(lines))
    return "\n".join(line for line in lines[start:end] if line.strip())


def missing_packages() -> list[str]:
    """Debian packages without which the rest would fail."""
    path = environment()["PATH"]
    packages = {package for command, package in COMMANDS.items() if not shutil.which(command, path=path)}
    if importlib.util.find_spec("ensurepip") is None:
        packages.add(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return sorted(packages)


def rootfs_contents() -> list[str]:
    """Return what the root file system is made from, as the role local_guest names it: then it is built once."""
    return [SUITE, MIRROR, USER, *(ROOTFS / "packages.txt").read_text().split()]


def up() -> None:
    begun = time.monotonic()
    if found := preflight.problems(PROJECT):
        raise DemoError("\n".join(found))
    with alone() as lock, running(Run(4, lock)) as run:
        packages = missing_packages()
        with run.stage("Install packages: " + (", ".join(packages) or "none is missing")):
            if packages:
                run.call("apt-get", "update", "-qq")
                run.call_whole("apt-get", "install", "-qq", "--yes", "--no-install-recommends", *packages)
        with run.stage("Install the pinned tools, build the host's root file system"):
            rootfs = run.start(ROOTFS / "build", CACHE / "rootfs", *rootfs_contents())
            run.call("make", "--no-print-directory", ".venv/controller/.installed")
            run.finish(rootfs)
        with run.stage("Raise the host and the AWS API"):
            run.bring_local("raised")
        print(run.numbered("Run playbooks/site.yml, as for every environment"))
        recap = run.bring_site()
    print(f"\n{recap}")
    report = json.loads(REPORT.read_text())
    print(f"""
The site is up, {time.monotonic() - begun:.0f} s after the start.

  address    {report["url"]}   (certificate authority: {shown(report["ca_file"])})
  account    {report["admin_email"]}
  password   cat {shown(report["admin_password_file"])}
  code       make demo-code
  host       {report["ssh_command"].replace(f"{PROJECT}/", "")}
  stop       make demo-down
""")


def down() -> None:
    if os.geteuid() != 0:
        raise DemoError("This needs root, to remove a host and its network: run it as root (sudo make demo-down).")
    with alone() as lock, running(Run(1, lock)) as run, run.stage("Remove the host, the AWS API and their files"):
        if not (PROJECT / ".venv/controller/.installed").exists():
            run.call("make", "--no-print-directory", ".venv/controller/.installed")
        run.bring_local("lowered")
    LOG.unlink()
    with contextlib.suppress(OSError):  # make app and make test keep something there too
        (LOCAL / "facts").rmdir()
        LOCAL.rmdir()
    print("Nothing is left but .cache/ and .venv/, which speed up the next make demo; make clean removes them.")


def code() -> None:
    if not REPORT.exists():
        raise DemoError("The demo is not up: make demo")
    secret = Path(json.loads(REPORT.read_text())["totp_secret_file"]).read_text().strip()
    now = time.time()
    print(f"{totp(secret, now)}   (for another {TOTP_SECONDS - now % TOTP_SECONDS:.0f} s)")


def totp(secret: str, at: float) -> str:
    """The six digits of RFC 6238 for a base 32 secret at a time in seconds since 1970."""
    counter = int(at // TOTP_SECONDS).to_bytes(8)
    digest = hmac.digest(b32decode(secret), counter, hashlib.sha1)
    offset = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def shown(path: str | Path) -> str:
    """A path as a person in the project's folder would type it."""
    return os.path.relpath(path, PROJECT)


@contextlib.contextmanager
def running(run: Run) -> Iterator[Run]:
    """End what a stage started, however the stage ends."""
    try:
        yield run
    finally:
        run.stop()
        run.log.close()


def interrupted(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def main(verb: str) -> int:
    signal.signal(signal.SIGTERM, interrupted)
    try:
        {"up": up, "down": down, "code": code}[verb]()
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # nobody reads on, as in `make demo | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. make demo goes on from here; make demo-down removes what there is.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
