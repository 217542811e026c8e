"""A site under load on a disk of its own: who writes to it, what they were told, and what stands in the database."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from test_host import CA, NAME
from test_lockout import PROJECT

DATA = "/var/lib/enssol"
DATABASE = f"{DATA}/enssol.sqlite3"
DISK_MB = 192
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The API lets each person change 120 things a minute: so many of them keep the site busy throughout.
WRITERS, THREADS = 24, 3
# Without the disk the service has nothing to serve, as if it were mounted at boot.
DROP_IN = "/etc/systemd/system/enssol.service.d/faults.conf"
CONDITION = f"[Unit]\nConditionPathExists={DATA}/.faults\n"
PEOPLE = """
import json
from datetime import timedelta
from accounts.models import Role, User
from allauth.mfa.models import Authenticator
from api.tokens import token_create
from django.utils import timezone
from registers.models import Project, ProjectMembership
project = Project.objects.get(code="WRL")
texts = []
for number in range(%d):
    user = User.objects.create_user(f"writer-{number}@enssol.test", None, name=f"Writer {number}")
    ProjectMembership.objects.create(project=project, user=user, role=Role.MANAGER)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    until = timezone.now() + timedelta(days=1)
    texts.append(token_create(actor=user, name="Faults", expires_at=until, may_write=True)[1])
print(json.dumps({"tokens": texts, "obligation": project.obligations.order_by("pk").first().pk}))
"""
# An acknowledged inspection has its row once, and its event in the trail once.
COUNT = """
import json, sqlite3, sys
copy = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
faults = [row[0] for row in copy.execute("PRAGMA integrity_check")]
faults += copy.execute("PRAGMA foreign_key_check").fetchall()
query = "SELECT i.location, count(*) FROM obligations_inspection i JOIN audit_auditevent e "
query += "ON e.subject = 'inspection:' || i.id AND e.action = 'inspection.schedule' "
query += "WHERE i.location LIKE 'write %' GROUP BY 1"
print(json.dumps({"faults": faults, "rows": dict(copy.execute(query))}))
"""


class Guest:
    """The host of this scenario, as the machine that it runs on sees it."""

    def __init__(self, address: str) -> None:
        self.address = address
        scenario = yaml.safe_load(Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "molecule.yml").read_text())
        [self.platform] = scenario["platforms"]
        self.directory = PROJECT / ".local" / "guests" / str(self.platform["name"])

    @property
    def nspawn(self) -> int:
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_text().split("\0")
                if command[0] == "systemd-nspawn" and f"--machine={self.platform['name']}" in command:
                    return int(entry.name)
        raise AssertionError("the guest does not run")

    @property
    def leader(self) -> str:
        """Its first process."""
        process = self.nspawn
        [first] = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return first

    def run(self, *command: str, given: str = "", check: bool = True, mounts_only: bool = False) -> str:
        """Run a command as its root and return what it prints; with `mounts_only` it may use this machine's devices."""
        enter = ["/usr/bin/nsenter", f"--target={self.leader}", "--mount" if mounts_only else "--all"]
        done = subprocess.run(
            [*enter, "env", "-i", PATH, *command], input=given, check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """Start a command as its root that goes on meanwhile."""
        enter = ["/usr/bin/nsenter", f"--target={self.leader}", "--all", "env", "-i", PATH]
        return subprocess.Popen([*enter, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def put(self, path: str, text: str) -> None:
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat > "$1"', "sh", path, given=text)

    def manage(self, *arguments: str, given: str = "") -> str:
        return self.run("enssol-manage", *arguments, given=given)

    def kill(self) -> None:
        """Take its power away: no process of it gets to do anything more."""
        process = self.nspawn
        os.kill(process, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{process}").exists())

    def boot(self) -> None:
        values = {
            "molecule_yml": {"platforms": [self.platform]},
            "molecule_ephemeral_directory": os.environ["MOLECULE_EPHEMERAL_DIRECTORY"],
        }
        playbook = str(PROJECT / "molecule/shared/create.yml")
        command = ["ansible-playbook", playbook, f"--extra-vars={json.dumps(values)}"]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout


@dataclass
class Disk:
    """A small disk of the guest's, in a file that can be looked at while the power is off."""

    guest: Guest
    image: Path
    device: str = ""

    def make(self) -> None:
        """Make it, with a copy of the site's data."""
        with self.image.open("wb") as file:
            file.truncate(DISK_MB << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-m", "0", self.image], check=True, capture_output=True)
        self.mount("/mnt")
        self.guest.run("cp", "--archive", f"{DATA}/.", "/mnt/")
        self.guest.run("touch", "/mnt/.faults")
        self.guest.run("umount", "/mnt")
        self.detach()

    def mount(self, where: str = DATA) -> None:
        attach = ["/sbin/losetup", "--find", "--show", str(self.image)]
        self.device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
        number = os.minor(Path(self.device).stat().st_rdev)
        make = 'test -b "$1" || mknod "$1" b 7 "$2"; mount -t ext4 "$1" "$3"'
        self.guest.run("sh", "-c", make, "sh", self.device, str(number), where, mounts_only=True)

    def unmount(self) -> None:
        self.guest.run("umount", DATA)
        self.detach()

    def detach(self) -> None:
        subprocess.run(["/sbin/losetup", "--detach", self.device], check=False, capture_output=True)

    def as_it_is(self) -> Path:
        """Copy what has reached the disk by now, while nobody writes; what is only in memory is not in it."""
        first, second = (self.image.with_suffix(f".{number}") for number in (1, 2))
        while True:
            for copy in (first, second):
                shutil.copyfile(self.image, copy)
            if subprocess.run(["/usr/bin/cmp", "--silent", first, second], check=False).returncode == 0:
                second.unlink()
                return first


@dataclass
class Clients:
    """Programs that write numbered inspections through nginx, and remember what they were told."""

    address: str
    tokens: list[str]
    obligation: int
    acknowledged: dict[int, float] = field(default_factory=dict)
    unanswered: set[int] = field(default_factory=set)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._over.clear()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._over.is_set():
            number = next(self._numbers)
            self.write(number)
            # A host of this size serves people, who pause; and a client that is refused comes again.
            self._over.wait(0.05)

    def write(self, number: int) -> bool:
        """Send a write; remember it as acknowledged when the site says that it is."""
        body = {"obligation": self.obligation, "planned_on": "2031-01-31", "location": f"write {number}"}
        headers = {
            "Host": NAME,
            "Authorization": f"Bearer {self.tokens[number % len(self.tokens)]}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"write {number}",
        }
        connection = http.client.HTTPSConnection(NAME, timeout=20)
        try:
            plain = socket.create_connection((self.address, 443), timeout=20)
            connection.sock = ssl.create_default_context(cafile=str(CA)).wrap_socket(plain, server_hostname=NAME)
            connection.request("POST", "/api/v1/projects/WRL/inspections/", json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.unanswered.add(number)
            return False
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.CREATED:
            self.acknowledged[number] = time.monotonic()
            self.unanswered.discard(number)
            return True
        self.unanswered.add(number)
        self.refusals.append((answer.status, said))
        return False

    def served_since(self, moment: float, writes: int = 10) -> None:
        """Wait until so many writes were acknowledged after a moment."""
        until(lambda: sum(at > moment for at in list(self.acknowledged.values())) >= writes)

    def silence(self, since: float) -> float:
        """Return the longest time without an acknowledgement since a moment, in seconds."""
        times = sorted([since, *(at for at in list(self.acknowledged.values()) if at > since)])
        return max(after - before for before, after in itertools.pairwise(times))


def until(holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for a condition."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about in {seconds} s"
        pause.wait(0.02)


@dataclass
class Site:
    """All of it together."""

    guest: Guest
    disk: Disk
    clients: Clients

    def count(self, path: str = DATABASE) -> dict[int, int]:
        """Return how often each number stands in a database, which must be sound."""
        found = json.loads(self.guest.run("runuser", "-u", "enssol", "--", "python3", "-", path, given=COUNT))
        assert found["faults"] == ["ok"]
        return {int(place.split()[1]): times for place, times in found["rows"].items()}

    def start(self) -> None:
        self.guest.run("systemctl", "start", "enssol.socket", "enssol.service")

    def halt(self) -> None:
        self.guest.run("systemctl", "stop", "enssol.socket", "enssol.service")


def raised(address: str) -> Site:
    """Put the site's data on a disk of its own, and let people work on it."""
    guest = Guest(address)
    disk = Disk(guest, guest.directory / "faults.img")
    guest.run("systemctl", "stop", "enssol.socket", "enssol.service")
    disk.make()
    guest.put(DROP_IN, CONDITION)
    guest.run("systemctl", "daemon-reload")
    disk.mount()
    people = json.loads(guest.manage("shell", "--command", PEOPLE % WRITERS))
    site = Site(guest, disk, Clients(address, people["tokens"], people["obligation"]))
    site.start()
    return site


def lowered(site: Site) -> None:
    """Give the site its own data back."""
    site.halt()
    site.guest.run(
        "sh", "-c", f"mountpoint -q {DATA} && umount {DATA}; rm -r ${{1%/*}}; systemctl daemon-reload", "sh", DROP_IN
    )
    site.disk.detach()
    site.disk.image.unlink()
    site.start()
