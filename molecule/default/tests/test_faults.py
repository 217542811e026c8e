"""What was acknowledged is there, once, whatever happens to the site; clients write throughout, and each is counted.

ENSSOL_FAULT_RUNS says how often each fault happens (default: once). The table is left in .local/tests/faults.md.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
from loaded_site import DATA, DATABASE, Site, lowered, raised, until
from test_lockout import PROJECT
from testinfra.host import Host

RUNS = range(int(os.environ.get("ENSSOL_FAULT_RUNS", "1")))
TABLE = PROJECT / ".local" / "tests" / "faults.md"
HEAD = "| Fault | Runs | Writes acknowledged | Lost | Twice | Longest wait, in seconds |\n|---|---|---|---|---|---|\n"


class Outcome(NamedTuple):
    fault: str
    acknowledged: int
    lost: int
    twice: int
    seconds: float


# What a disk forgets: a quarter of the file, once all of it is there.
DAMAGE = f"""
import os, sqlite3
sqlite3.connect("{DATABASE}").execute("PRAGMA wal_checkpoint(TRUNCATE)")
size = os.path.getsize("{DATABASE}")
with open("{DATABASE}", "r+b") as file:
    file.seek(size // 2)
    file.write(os.urandom(size // 4))
"""
# The name of a release with the same files.
OTHER = "ffffffffffff"
OUTCOMES: list[Outcome] = []


def row(fault: str) -> str:
    """Return a fault's line of the table; of several runs the slowest counts."""
    found = [outcome for outcome in OUTCOMES if outcome.fault == fault]
    sums = [sum(numbers) for numbers in zip(*(outcome[1:4] for outcome in found), strict=True)]
    cells = [fault, len(found), *sums, f"{max(outcome.seconds for outcome in found):.1f}"]
    return f"| {' | '.join(map(str, cells))} |\n"


@pytest.fixture(scope="module")
def site(host: Host) -> Iterator[Site]:
    site = raised(str(host.backend.get_hostname()))
    try:
        yield site
    finally:
        lowered(site)
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(HEAD + "".join(map(row, dict.fromkeys(outcome.fault for outcome in OUTCOMES))))


@pytest.fixture
def load(site: Site) -> Iterator[Site]:
    """The site while people write to it."""
    site.clients.start()
    try:
        site.clients.served_since(time.monotonic())
        yield site
    finally:
        site.clients.stop()


def survived(site: Site, fault: str, since: float) -> None:
    """Wait until the site serves after the fault, and demand that nothing is lost and nothing there twice."""
    site.clients.served_since(time.monotonic())
    acknowledged = set(site.clients.acknowledged)
    found = site.count()
    outcome = Outcome(
        fault,
        max(0, len(acknowledged) - sum(outcome.acknowledged for outcome in OUTCOMES)),
        lost=len(acknowledged - found.keys()),
        twice=sum(times > 1 for times in found.values()),
        seconds=site.clients.silence(since),
    )
    OUTCOMES.append(outcome)
    assert (outcome.lost, outcome.twice) == (0, 0)


def main_process(site: Site) -> str:
    return site.guest.run("systemctl", "show", "--property=MainPID", "--value", "enssol.service").strip()


def refused(site: Site) -> int:
    """Wait for answers that are no acknowledgement, and return the last one's status."""
    before = len(site.clients.refusals)
    until(lambda: len(site.clients.refusals) > before + 5)
    return site.clients.refusals[-1][0]


@pytest.mark.parametrize("run", RUNS)
def test_a_worker_is_killed(load: Site, run: int) -> None:
    began = time.monotonic()
    load.guest.run("pkill", "-KILL", "-P", main_process(load))
    survived(load, "worker killed", began)


@pytest.mark.parametrize("run", RUNS)
def test_the_master_is_killed(load: Site, run: int) -> None:
    began, process = time.monotonic(), main_process(load)
    load.guest.run("kill", "-KILL", process)
    until(lambda: main_process(load) not in {"0", process})
    survived(load, "master killed", began)


@pytest.mark.parametrize("run", RUNS)
def test_the_power_is_cut(load: Site, run: int) -> None:
    """The machine is killed, and what had not reached its disk by then is gone."""
    load.guest.run("systemctl", "kill", "--signal=STOP", "enssol.service")
    cut = time.monotonic()
    left = load.disk.as_it_is()
    load.guest.kill()
    load.disk.detach()
    left.replace(load.disk.image)
    load.guest.boot()
    load.disk.mount()
    load.start()
    survived(load, "power cut", cut)


@pytest.mark.parametrize("run", RUNS)
def test_the_disk_is_full(load: Site, run: int) -> None:
    load.guest.run("sh", "-c", f"cat /dev/zero > {DATA}/fills", check=False)
    assert refused(load) >= HTTPStatus.INTERNAL_SERVER_ERROR
    began = time.monotonic()
    # Else the next fault, which ends all writing to the disk, finds the file again.
    load.guest.run("sh", "-c", f"rm {DATA}/fills && sync --file-system {DATA}")
    survived(load, "disk full", began)


@pytest.mark.parametrize("run", RUNS)
def test_the_disk_can_only_be_read(load: Site, run: int) -> None:
    """The kernel does this to a disk on which it met a fault."""
    load.guest.run("mount", "-o", "remount,abort", load.disk.device, DATA, mounts_only=True)
    assert refused(load) >= HTTPStatus.INTERNAL_SERVER_ERROR
    began = time.monotonic()
    load.halt()
    load.disk.unmount()
    load.disk.mount()
    load.start()
    survived(load, "disk read-only", began)


@pytest.mark.parametrize("run", RUNS)
def test_a_snapshot_is_cut_short(load: Site, run: int) -> None:
    folder, began = f"{DATA}/backups", time.monotonic()
    whole = Path(load.guest.manage("backup", folder).strip()).name
    with load.guest.begin("enssol-manage", "backup", folder) as half:
        until(lambda: "tar" in load.guest.run("sh", "-c", f"ls {folder}/.backup-*/", check=False))
        load.guest.run("pkill", "-KILL", "-f", "manage.py backup")
        half.communicate()
    assert load.guest.manage("check_backup").startswith(f"{whole} can be restored")
    load.guest.manage("backup", folder)
    survived(load, "snapshot cut short", began)


@pytest.mark.parametrize("run", RUNS)
def test_a_backup_is_restored_while_people_write(load: Site, run: int) -> None:
    """What was written after the backup is not lost: it is in what is kept aside."""
    clients = load.clients
    before = set(clients.acknowledged)
    load.guest.manage("backup", f"{DATA}/backups")
    clients.served_since(time.monotonic())
    load.halt()
    halted = time.monotonic()
    said = load.guest.manage("restore_backup")
    later = set(clients.acknowledged) - before
    load.start()
    aside = re.search(r"What was there before: (\S+)", said)
    assert aside
    assert later <= load.count(f"{aside[1]}/enssol.sqlite3").keys()
    for number in later - load.count().keys():
        del clients.acknowledged[number]
    survived(load, "restore under load", halted)


@pytest.mark.parametrize("run", RUNS)
def test_a_release_is_deployed_during_a_backup(load: Site, run: int) -> None:
    current = load.guest.run("readlink", "--canonicalize", "/opt/enssol/current").strip()
    load.guest.run("cp", "--archive", "--link", current, f"/opt/enssol/releases/{OTHER}")
    began = time.monotonic()
    with load.guest.begin("enssol-manage", "backup", f"{DATA}/backups") as backup:
        load.guest.run("enssol-release", "activate", OTHER)
        said, _ = backup.communicate()
        assert backup.returncode == 0, said
    survived(load, "deployment during a backup", began)
    load.clients.stop()
    load.guest.manage("check_backup")
    load.guest.run("enssol-release", "activate", Path(current).name)
    load.guest.run("rm", "--recursive", f"/opt/enssol/releases/{OTHER}")


@pytest.mark.parametrize("run", RUNS)
def test_a_damaged_database_is_not_served(load: Site, run: int) -> None:
    """Whoever meets the damage gets an error, nobody after that gets anything, and a backup brings all of it back."""
    load.clients.stop()
    load.guest.manage("backup", f"{DATA}/backups")
    load.guest.run("runuser", "-u", "enssol", "--", "python3", "-", given=DAMAGE)
    load.clients.start()
    until(lambda: "failed" in load.guest.run("systemctl", "is-failed", "enssol.service", check=False))
    said = load.guest.run("journalctl", "--unit=enssol", "--lines=20", "--output=cat")
    assert "The database is damaged, so nothing is served: restore a backup." in said
    began = time.monotonic()
    load.halt()
    load.guest.manage("restore_backup")
    load.guest.run("systemctl", "reset-failed", "enssol.service", check=False)
    load.start()
    survived(load, "database damaged, backup restored", began)
