#!/usr/bin/python
"""Ansible module: one systemd host in a container on this machine's rig network."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import uuid
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.guest_cgroups import ControlGroups, knows_unified_groups, wait_until
from ansible.module_utils.guest_network import (
    NETNS,
    GuestError,
    Network,
    exclusive,
    run,
)

DOCUMENTATION = r"""
---
module: nspawn_guest
short_description: A systemd host in a container, reached over SSH
description:
  - Boots a root filesystem with C(systemd-nspawn), in a network namespace on a bridge that all guests of this machine
    share, so that roles meet real systemd, real SSH and a real firewall without a hypervisor.
  - The root filesystem stays untouched. What the guest writes goes to an overlay in its own directory.
  - Host keys are made before the boot, so they can be pinned before the first connection.
  - A guest that was interrupted while it was made, or that stopped, is repaired by the next run.
  - The bridge comes with the first guest and goes with the last, whichever project raised it.
  - Needs root, and works whether or not this machine itself runs systemd.
options:
  name:
    description: Name of the guest and of its network namespace; at most 32 characters.
    type: str
    required: true
  state:
    description: C(started) means booted and answering SSH; C(absent) removes all traces, whatever is there.
    type: str
    choices: [started, absent]
    default: started
  directory:
    description: Directory of this guest's disk, console log and record. Removed with the guest.
    type: path
    required: true
  address:
    description: IPv4 address of the guest within the network of O(gateway).
    type: str
    required: true
  rootfs:
    description: Directory of the root filesystem to boot. Required to start.
    type: path
  user:
    description: Account of the root filesystem that O(authorized_key) opens. Required to start.
    type: str
  authorized_key:
    description: OpenSSH public key line. Required to start.
    type: str
  apt_proxy:
    description: URL of the proxy through which the guest's apt reaches the archive.
    type: str
  memory:
    description: Limit on memory in bytes, with an optional suffix K, M or G. Without it there is none.
    type: str
  cpus:
    description: Limit on processor time, in processors. Without it there is none.
    type: float
  bridge:
    description: Name of the bridge that guests share.
    type: str
    default: enssol0
  gateway:
    description: This machine's address on the bridge, with the length of the network's prefix.
    type: str
    default: 198.51.100.1/24
  outsider:
    description: Name of a further namespace on the bridge, with no guest in it, from which to knock as a stranger.
    type: str
    default: enssol-outside
  outsider_address:
    description: IPv4 address of O(outsider).
    type: str
    default: 198.51.100.200
  timeout:
    description: Seconds to wait for the boot.
    type: int
    default: 60
author: Enssol
"""

EXAMPLES = r"""
- name: Raise a guest
  nspawn_guest:
    name: scratch
    directory: /var/tmp/scratch
    address: 198.51.100.77
    rootfs: /var/tmp/bookworm
    user: ubuntu
    authorized_key: ssh-ed25519 AAAA...
    memory: 512M

- name: Remove it
  nspawn_guest:
    name: scratch
    directory: /var/tmp/scratch
    address: 198.51.100.77
    state: absent
"""

RETURN = r"""
host_keys:
  description: The guest's public host keys, as V(type base64).
  type: list
  elements: str
  returned: when started
console_log:
  description: File that receives all the guest prints on its console.
  type: str
  returned: when started
"""

KEYS_END = "-----END SSH HOST KEY KEYS-----"
# What the disk was made from. The rest of the parameters applies at every start.
DISK_PARAMETERS = ("name", "address", "rootfs", "user", "authorized_key", "apt_proxy")
# In a mount namespace of its own, so that the mounts live and die with the guest. The second hides the folder where
# nspawn leaves its locks. A reboot inside ends nspawn with 133; all other ends are for good. `volatile` spares the
# waiting for the disk, at each fsync and at the end; a guest need not outlive a crash of this machine.
BOOT = """
set -e
mount -t overlay overlay -o "volatile,$1" "$2"
mount -t tmpfs tmpfs /run/systemd
shift 2
until "$@" || [ $? -ne 133 ]; do :; done
"""


@dataclass
class Guest:
    """One guest, from its parameters to a host that answers SSH."""

    parameters: dict[str, Any]
    network: Network
    groups: ControlGroups

    @property
    def name(self) -> str:
        return str(self.parameters["name"])

    @property
    def address(self) -> str:
        return str(self.parameters["address"])

    @property
    def directory(self) -> Path:
        return Path(self.parameters["directory"])

    @property
    def console_log(self) -> Path:
        return self.directory / "console.log"

    @property
    def record(self) -> Path:
        """Written when the disk is complete, so a disk without it is half made."""
        return self.directory / "guest.json"

    def host_keys(self) -> list[str]:
        keys = sorted((self.directory / "upper/etc/ssh").glob("ssh_host_*_key.pub"))
        return [" ".join(key.read_text().split()[:2]) for key in keys]

    def process(self) -> int | None:
        """The running systemd-nspawn of this guest; an error if another directory's guest has the name."""
        for entry in Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_text().split("\0") if entry.name.isdigit() else []
            except OSError:
                continue  # it ended as we looked
            if not {"systemd-nspawn", f"--machine={self.name}"} <= set(command):
                continue
            if f"--directory={self.directory}/root" not in command:
                place = next(word for word in command if word.startswith("--directory="))
                raise GuestError(f"guest {self.name} runs from {place[12:]}; lower it there first")
            return int(entry.name)
        return None

    def standing(self) -> bool:
        return self.process() is not None and self.network.linked(self.name, self.address)

    def traces(self) -> bool:
        """Whether anything of the guest is left."""
        folders = [self.directory, NETNS / self.name, *self.groups.folders().values()]
        linked = self.network.owner(self.address) == self.name
        return linked or self.network.deserted() or any(folder.exists() for folder in folders)

    def check_disk(self) -> None:
        """Refuse parameters that the existing disk was not made from: making it again would lose what is on it."""
        if not self.record.exists():
            return
        made_from = json.loads(self.record.read_text())
        different = [key for key in DISK_PARAMETERS if made_from.get(key) != self.parameters[key]]
        if different:
            raise GuestError(f"guest {self.name} was made with another {', '.join(different)}; lower it first")

    def start(self) -> None:
        self._stop()
        if not self.record.exists():
            self._make_disk()
        # The mark of a volatile mount, which the kernel refuses to mount once more.
        shutil.rmtree(self.directory / "work/work/incompat", ignore_errors=True)
        with exclusive():
            self.network.link(self.name, self.address)
        self._boot(self.groups.make(memory_bytes(self.parameters["memory"]), self.parameters["cpus"]))

    def remove(self) -> None:
        self._hang_up()
        self._stop()
        with exclusive():
            self.network.unlink(self.name, self.address)
        if self.directory.exists():
            self.record.unlink(missing_ok=True)  # first, so that what is left of the disk is never booted
            shutil.rmtree(self.directory)

    def wait(self) -> None:
        """Until the boot has come so far that a user may log in."""
        if not wait_until(lambda: self.process() is None or self._answers(), self.parameters["timeout"]):
            raise GuestError(f"guest {self.name} does not answer SSH; its console: {self.console_log}")
        if self.process() is None:
            tail = self.console_log.read_text(errors="replace").splitlines()[-5:]
            raise GuestError(f"guest {self.name} ended while it booted: {' | '.join(tail)}")

    def _answers(self) -> bool:
        if KEYS_END not in self.console_log.read_text(errors="replace"):
            return False
        try:
            with socket.create_connection((self.address, 22), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _hang_up(self) -> None:
        """End this machine's SSH connections to the guest: Ansible keeps them open for the next run."""
        for line in run("ss", "--no-header", "--tcp", "--processes", "dst", self.address).splitlines():
            for pid in re.findall(r'\("ssh",pid=(\d+)', line):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGTERM)

    def _stop(self) -> None:
        if process := self.process():
            os.kill(process, signal.SIGKILL)
        self.groups.remove()

    def _make_disk(self) -> None:
        """Fill the overlay's upper layer with what tells this guest from the others."""
        if self.directory.exists():
            shutil.rmtree(self.directory)
        for folder in ("root", "work", "upper/etc/ssh"):
            (self.directory / folder).mkdir(parents=True, mode=0o755)
        etc = self.directory / "upper/etc"
        (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{self.address} {self.name}\n")
        (etc / "resolv.conf").write_text("# This host resolves no names; apt asks through its proxy.\n")
        if self.parameters["apt_proxy"]:
            (etc / "apt/apt.conf.d").mkdir(parents=True)
            (etc / "apt/apt.conf.d/90proxy").write_text(f'Acquire::http::Proxy "{self.parameters["apt_proxy"]}";\n')
        run("ssh-keygen", "-q", "-A", "-f", str(self.directory / "upper"))
        self._authorise()
        self.record.write_text(json.dumps({key: self.parameters[key] for key in DISK_PARAMETERS}, indent=2))

    def _authorise(self) -> None:
        user = self.parameters["user"]
        accounts = Path(self.parameters["rootfs"], "etc/passwd").read_text().splitlines()
        ids = next((line.split(":")[2:4] for line in accounts if line.startswith(f"{user}:")), None)
        if ids is None:
            raise GuestError(f"{self.parameters['rootfs']} has no account {user}")
        home = self.directory / "upper/home" / user
        keys = home / ".ssh/authorized_keys"
        keys.parent.mkdir(parents=True, mode=0o700)
        keys.write_text(f"{self.parameters['authorized_key'].strip()}\n")
        keys.chmod(0o600)
        shutil.copymode(Path(self.parameters["rootfs"], "home", user), home)
        for path in (home, keys.parent, keys):
            os.chown(path, int(ids[0]), int(ids[1]))

    def _boot(self, groups: list[Path]) -> None:
        """Start the container detached from this process."""
        place = self.directory
        layers = f"lowerdir={self.parameters['rootfs']},upperdir={place}/upper,workdir={place}/work"
        nspawn = [
            "systemd-nspawn",
            "--quiet",
            "--boot",
            f"--machine={self.name}",
            f"--directory={place}/root",
            f"--network-namespace-path={NETNS / self.name}",
            "--capability=CAP_NET_ADMIN",
            "--register=no",
            "--keep-unit",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=read-only",
        ]
        command = ["unshare", "--mount", "sh", "-c", BOOT, "sh", layers, f"{place}/root", *nspawn]
        environment = {
            "PATH": os.environ["PATH"],
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        }
        # Where it is left to nspawn, a stop sometimes hangs.
        if knows_unified_groups(Path(self.parameters["rootfs"])):
            environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"

        def join() -> None:
            for group in groups:
                group.write_text("0")

        self.console_log.write_bytes(b"")
        with self.console_log.open("ab") as console:
            subprocess.Popen(  # noqa: S603 - no shell but the one above, whose text is fixed
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                preexec_fn=join,  # noqa: PLW1509 - this module has one thread
            )


def memory_bytes(text: str | None) -> int | None:
    """Bytes of `512M`, `1G`, `1024`; None of None."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)([KMG]?)", text, re.IGNORECASE)
    if not match:
        raise GuestError(f"memory: {text!r} is not a number of bytes such as 512M")
    return int(match[1]) << 10 * " KMG".index(match[2].upper() or " ")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["started", "absent"], "default": "started"},
            "directory": {"type": "path", "required": True},
            "address": {"type": "str", "required": True},
            "rootfs": {"type": "path"},
            "user": {"type": "str"},
            "authorized_key": {"type": "str", "no_log": False},
            "apt_proxy": {"type": "str"},
            "memory": {"type": "str"},
            "cpus": {"type": "float"},
            "bridge": {"type": "str", "default": "enssol0"},
            "gateway": {"type": "str", "default": "198.51.100.1/24"},
            "outsider": {"type": "str", "default": "enssol-outside"},
            "outsider_address": {"type": "str", "default": "198.51.100.200"},
            "timeout": {"type": "int", "default": 60},
        },
        required_if=[("state", "started", ("rootfs", "user", "authorized_key"))],
        supports_check_mode=True,
    )
    wanted = module.params
    try:
        network = Network(
            wanted["bridge"], IPv4Interface(wanted["gateway"]), wanted["outsider"], wanted["outsider_address"]
        )
        guest = Guest(wanted, network, ControlGroups(wanted["name"]))
        if wanted["state"] == "absent":
            changed = guest.traces()
            if changed and not module.check_mode:
                guest.remove()
            module.exit_json(changed=changed)
        guest.check_disk()
        changed = not guest.standing()
        if module.check_mode:
            module.exit_json(changed=changed)
        if changed:
            guest.start()
        guest.wait()
        module.exit_json(changed=changed, host_keys=guest.host_keys(), console_log=str(guest.console_log))
    except (GuestError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
