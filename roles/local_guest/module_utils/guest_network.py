"""The rig's network on this machine: a bridge that guests share, and a namespace for each."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

NETNS = Path("/run/netns")


class GuestError(Exception):
    """Why a guest cannot be had, in a sentence for the person who asked for it."""


def run(*command: str) -> str:
    """Run a command and return what it printed, or raise GuestError with what it complained of."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise GuestError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Hold off other runs while the shared network changes. The lock is on a directory, so it leaves no file."""
    handle = os.open("/run", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@dataclass
class Network:
    """The bridge, the stranger on it, and each guest's link to it."""

    bridge: str
    gateway: IPv4Interface
    outsider: str
    outsider_address: str

    def port(self, address: str) -> str:
        """Name of this machine's end of a guest's link: bridge and host number, within the kernel's 15 characters."""
        return f"{self.bridge}-{int(IPv4Interface(address)) - int(self.gateway.network.network_address)}"

    def owner(self, address: str) -> str:
        """Name of the guest that has the address; empty if none has."""
        alias = Path("/sys/class/net", self.port(address), "ifalias")
        return alias.read_text().strip() if alias.exists() else ""

    def ports(self) -> set[str]:
        folder = Path("/sys/class/net", self.bridge, "brif")
        return {port.name for port in folder.iterdir()} if folder.is_dir() else set()

    def deserted(self) -> bool:
        """Whether there is a bridge without a guest."""
        return self._exists() and not self.ports() - {self.port(self.outsider_address)}

    def linked(self, name: str, address: str) -> bool:
        """Whether the namespace and its link to the bridge are there."""
        return (NETNS / name).exists() and self.owner(address) == name and self.port(address) in self.ports()

    def link(self, name: str, address: str) -> None:
        """Make the namespace `name` anew with the address, and the bridge if it is the first."""
        if self.owner(address) not in {name, ""}:
            raise GuestError(
                f"{address} is the address of guest {self.owner(address)}: lower that or take another address"
            )
        self._unplug(name, address)
        self._raise_bridge()
        self._plug(name, address)

    def unlink(self, name: str, address: str) -> None:
        """Remove the namespace, and the bridge if it was the last."""
        self._unplug(name, address)
        if self.deserted():
            self._lower_bridge()

    def _exists(self) -> bool:
        return Path("/sys/class/net", self.bridge).exists()

    def _raise_bridge(self) -> None:
        range_ = str(self.gateway.network)
        if not self._exists():
            # A fixed address: else the bridge takes its lowest port's, and guests lose their neighbour as others come.
            run("ip", "link", "add", self.bridge, "address", self._hardware(str(self.gateway.ip)), "type", "bridge")
        run("ip", "address", "replace", str(self.gateway), "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        # Nothing from a guest is forwarded, and nothing to a guest that is not there leaves this machine.
        Path("/proc/sys/net/ipv4/conf", self.bridge, "forwarding").write_text("0")
        run("ip", "route", "replace", "unreachable", range_, "metric", "4278198272")
        if not self.linked(self.outsider, self.outsider_address):
            self._unplug(self.outsider, self.outsider_address)
            self._plug(self.outsider, self.outsider_address)

    def _lower_bridge(self) -> None:
        """The bridge goes last: while it is there, there is something to remove."""
        self._unplug(self.outsider, self.outsider_address)
        range_ = str(self.gateway.network)
        if run("ip", "route", "show", "type", "unreachable", "exact", range_):
            run("ip", "route", "delete", "unreachable", range_)
        # `ip netns` turns its folder into a mount with the first namespace and leaves it there after the last.
        if NETNS.is_dir() and not any(NETNS.iterdir()):
            if f" {NETNS} " in Path("/proc/self/mounts").read_text():
                run("umount", str(NETNS))
            NETNS.rmdir()
        run("ip", "link", "delete", self.bridge)

    def _plug(self, name: str, address: str) -> None:
        port, inside = self.port(address), ("ip", "-n", name)
        run("ip", "netns", "add", name)
        peer = ("peer", "name", "eth0", "address", self._hardware(address), "netns", name)
        run("ip", "link", "add", port, "type", "veth", *peer)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "address", "add", f"{address}/{self.gateway.network.prefixlen}", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "route", "add", "default", "via", str(self.gateway.ip))
        run("ip", "link", "set", port, "alias", name, "master", self.bridge, "up")

    def _unplug(self, name: str, address: str) -> None:
        # Before the namespace, whose own removal drops the link only some time later.
        if self.owner(address) in {name, ""} and Path("/sys/class/net", self.port(address)).exists():
            run("ip", "link", "delete", self.port(address))
        if (NETNS / name).exists():
            run("ip", "netns", "delete", name)

    @staticmethod
    def _hardware(address: str) -> str:
        """A hardware address that follows the IP address: a guest made anew is no stranger to its neighbours."""
        return "02:00:" + ":".join(f"{byte:02x}" for byte in IPv4Interface(address).ip.packed)
