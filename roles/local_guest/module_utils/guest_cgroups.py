"""A guest's control groups, whichever version of them this machine mounts."""

from __future__ import annotations

import functools
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ansible.module_utils.guest_network import GuestError

LEAVE_SECONDS = 10
POLL_SECONDS = 0.05
CPU_PERIOD = 100_000


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False if it does not within the seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def knows_unified_groups(rootfs: Path) -> bool:
    """Whether a root filesystem's systemd runs on control groups of version 2, as from 230 (Ubuntu 16.04 has 229)."""
    found = re.search(
        r"^Package: systemd\n(?:.+\n)*?Version: (\d+)", (rootfs / "var/lib/dpkg/status").read_text(), re.M
    )
    return found is not None and int(found[1]) >= 230


@dataclass
class ControlGroups:
    """A group of the guest's own in every hierarchy, so that guests neither share nor kill each other's services."""

    name: str
    mounts: str = field(default_factory=lambda: Path("/proc/self/mountinfo").read_text())

    def folders(self) -> dict[str, Path]:
        """Folder of the group in each hierarchy: `unified`, and `systemd`, `memory`, `cpu` where version 1 has them."""
        found: dict[str, Path] = {}
        group = f"guest-{self.name}"
        for line in self.mounts.splitlines():
            before, _, after = line.partition(" - ")
            mount, kind, options = before.split()[4], after.split()[0], after.split()[2].split(",")
            if kind == "cgroup2":
                found.setdefault("unified", Path(mount, group))
            elif kind == "cgroup":
                for hierarchy, option in (("systemd", "name=systemd"), ("memory", "memory"), ("cpu", "cpu")):
                    if option in options:
                        found.setdefault(hierarchy, Path(mount, group))
        return found

    def make(self, memory: int | None, cpus: float | None) -> list[Path]:
        """Make the groups with their limits (bytes, processors); return the files that take a process in."""
        folders = self.folders()
        if "unified" not in folders:
            raise GuestError(
                "this machine mounts no cgroup2 hierarchy; mount one: mount -t cgroup2 none /sys/fs/cgroup"
            )
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        quota = None if cpus is None else int(cpus * CPU_PERIOD)
        if memory is not None:
            self._limit("memory", "memory.limit_in_bytes", "memory.max", str(memory))
        if quota is not None:
            self._limit("cpu", "cpu.cfs_quota_us", "cpu.max", str(quota))
        return [folder / "cgroup.procs" for folder in folders.values()]

    def _limit(self, controller: str, version_1: str, version_2: str, value: str) -> None:
        folders = self.folders()
        if controller in folders:
            (folders[controller] / version_1).write_text(value)
        else:
            (folders["unified"].parent / "cgroup.subtree_control").write_text(f"+{controller}")
            (folders["unified"] / version_2).write_text(value)

    def remove(self) -> None:
        """Kill what runs in the groups and remove them."""
        folders = [folder for folder in self.folders().values() if folder.exists()]
        for folder in folders:
            if (folder / "cgroup.kill").exists():
                (folder / "cgroup.kill").write_text("1")
        for folder in folders:
            if not wait_until(functools.partial(self._remove_tree, folder), LEAVE_SECONDS):
                raise GuestError(f"{folder} still has processes: {(folder / 'cgroup.procs').read_text().split()}")

    @staticmethod
    def _remove_tree(folder: Path) -> bool:
        try:
            for current, _, _ in os.walk(folder, topdown=False):
                Path(current).rmdir()
        except OSError:
            return False
        return True
