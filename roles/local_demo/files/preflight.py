"""What can keep this machine from running the demo, each in one line that says what to do.

Everything here only looks, with the standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

AWS_PORT = 5005
NETWORK = IPv4Network("198.51.100.0/24")
BRIDGE = "enssol0"
GUEST = "enssol-local"
HOSTNAME = "app.enssol.test"
HOSTS_MARK = "# enssol demo"
PYTHON = (3, 11)
FREE_BYTES = 2 * 1024**3
DETACHED_MARK = "ENSSOL_DETACHED="
LISTENING = "0A"


def problems(project: Path) -> list[str]:
    """Return all that is in the way of the demo of this project. Without root there is no point in looking further."""
    found = list(_person_and_system())
    return found or [*_kernel(project), *_neighbours(project)]


def _person_and_system() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "This needs root, to boot a host and to give it a network: run it as root (sudo make demo)."
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        here = f"{platform.system()} on {platform.machine()}"
        yield f"This needs Linux on x86_64, and this is {here}: use a Debian 12 machine."
    elif not shutil.which("apt-get"):
        yield "This installs what it needs with apt-get, which is not here: use a Debian 12 machine."
    if sys.version_info[:2] != PYTHON:
        wanted = "python" + ".".join(map(str, PYTHON))
        yield f"This needs {wanted}, and {sys.executable} is another: apt-get install {wanted} {wanted}-venv"


def _kernel(project: Path) -> Iterator[str]:
    free = shutil.disk_usage(project).free
    if free < FREE_BYTES:
        yield f"{free / 1024**3:.1f} GB are free where {project} is; make room for {FREE_BYTES / 1024**3:.0f} GB."
    if error := _error_of("unshare", "--mount", "--net", "--pid", "--fork", "true"):
        yield f"This machine forbids namespaces ({error}): use a virtual machine, or a privileged container."
        return
    if "cgroup2" not in Path("/proc/self/mounts").read_text():
        yield "No cgroup2 hierarchy is mounted: mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup"
    if error := _overlay_error(project / ".cache"):
        yield f"{project} is on a file system without overlays ({error}): clone to a disk with ext4, xfs or btrfs."


def _overlay_error(place: Path) -> str:
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        for folder in ("lower", "upper", "work", "root"):
            Path(scratch, folder).mkdir()
        layers = f"lowerdir={scratch}/lower,upperdir={scratch}/upper,workdir={scratch}/work"
        return _error_of("unshare", "--mount", "mount", "-t", "overlay", "-o", layers, "overlay", f"{scratch}/root")


def _neighbours(project: Path) -> Iterator[str]:
    if (pid := listener(AWS_PORT)) and (project_of := owner(pid)) != project:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        remedy = f"run make demo-down in {project_of}" if project_of else f"end it (kill {pid})"
        yield f"Port {AWS_PORT} is taken by {name}, process {pid}: {remedy} and try again."
    for interface in routes_into(NETWORK, Path("/proc/net/route").read_text()):
        yield f"{NETWORK} is in use at {interface}: ip route delete {NETWORK} dev {interface}, then try again."
    if (place := guest_directory()) and not place.is_relative_to(project):
        yield f"Guest {GUEST} runs from {place.parent}: run make demo-down in {place.parents[2]} and try again."
    for line in Path("/etc/hosts").read_text().splitlines():
        if HOSTNAME in line.partition("#")[0].split() and not line.endswith(HOSTS_MARK):
            yield f"/etc/hosts has a line of its own for {HOSTNAME}: remove it (sed -i '/{HOSTNAME}/d' /etc/hosts)."


def _error_of(*command: str) -> str:
    """What a command complains of; nothing if it succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    return " ".join(done.stderr.split()) or f"exit code {done.returncode}" if done.returncode else ""


def listener(port: int) -> int | None:
    """The process that listens at a TCP port of this machine, at whichever address; 0 if it is out of sight."""
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{words[9]}]")
    return next((pid for pid, opened in _open_files() if opened in sockets), 0) if sockets else None


def _open_files() -> Iterator[tuple[int, str]]:
    for process in _processes():
        try:
            for handle in (process / "fd").iterdir():
                yield int(process.name), str(handle.readlink())
        except OSError:
            continue  # it ended, or closed the file, as we looked


def owner(pid: int) -> Path | None:
    """The project that started a process and left it running; None if it is no such process."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    log = next((word.removeprefix(DETACHED_MARK) for word in variables if word.startswith(DETACHED_MARK)), None)
    return Path(log).parents[1] if log else None


def guest_directory() -> Path | None:
    """The folder of the demo's host, wherever on this machine it was raised."""
    for process in _processes():
        try:
            command = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue  # it ended as we looked
        if {"systemd-nspawn", f"--machine={GUEST}"} <= set(command):
            place = next(word for word in command if word.startswith("--directory="))
            return Path(place.partition("=")[2]).parent
    return None


def _processes() -> Iterator[Path]:
    return (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())


def routes_into(network: IPv4Network, table: str) -> list[str]:
    """Interfaces but our own to which the kernel's table routes a part of the network."""
    found = []
    for line in table.splitlines()[1:]:
        interface, destination, mask = (line.split()[column] for column in (0, 1, 7))
        octets = [bytes.fromhex(text)[::-1] for text in (destination, mask)]
        route = IPv4Network((int.from_bytes(octets[0]), bin(int.from_bytes(octets[1])).count("1")))
        if route.prefixlen and route.overlaps(network) and interface not in {BRIDGE, "*", "lo"}:
            found.append(interface)
    return found
