"""Say how a host and its site are: one line a subject, marked `ok`, `LOOK`, or `?` for what cannot be told.

Usage, as root on the host: host_status.py HOSTNAME [--prometheus]
  HOSTNAME      name of the site.
  --prometheus  the numbers alone, in the text format of Prometheus.

Reads and changes nothing. What is bad for one of the alarms is marked LOOK here, by the same limits.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

# The alarms' own limits.
DISK_PERCENT = 85.0
CERTIFICATE_DAYS = 14.0
BACKUP_HOURS = 36.0
DRILL_HOURS = 36.0
ERRORS = 5
MINUTES = 5
# Less memory than this share, with all that caches hold counted as free, and the kernel will soon kill something.
MEMORY_FREE_PERCENT = 10.0
BACKUP_NAME = re.compile(r"enssol-(\d{8}T\d{6}Z)\.tar")


class Seen(NamedTuple):
    """What was found of a subject.

    Args:
        says: for a person.
        look: whether somebody should.
        values: numbers by the name of their metric, in the base units of Prometheus.
    """

    says: str
    look: bool
    values: Mapping[str, float]


@dataclass(frozen=True)
class Host:
    """Where things lie; the paths are interfaces of the project and differ in tests only."""

    name: str
    root: Path = Path("/opt/enssol")
    data: Path = Path("/var/lib/enssol")
    socket: Path = Path("/run/enssol/gunicorn.sock")
    backups: Path = Path("/var/lib/enssol-backup/state.json")
    drill: Path = Path("/var/lib/enssol-backup/drill.json")
    replica: Path = Path("/etc/systemd/system/enssol-replica.service")
    memory: Path = Path("/proc/meminfo")
    restart: Path = Path("/run/reboot-required")
    port: int = 443


def run(*command: str, given: str = "") -> str:
    """Run a command and return what it prints; one that fails raises CalledProcessError."""
    done = subprocess.run(command, input=given, check=True, capture_output=True, text=True, errors="replace")  # noqa: S603 - no shell
    return done.stdout


def ago(seconds: float) -> str:
    """Return a time span as people say it."""
    for unit, length in (("days", 86400), ("hours", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(number: float) -> str:
    """Return a number of bytes as people say it."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if number >= length:
            return f"{number / length:.1f} {unit}"
    return f"{number / 1e3:.0f} kB"


# --- The site ---------------------------------------------------------------------------------------------------------
def release(host: Host) -> Seen:
    current = host.root / "current"
    if not current.exists():
        return Seen("none is active: deploy one", True, {})
    facts = json.loads((current / "RELEASE").read_text())
    since = time.time() - (current / "SERVED").stat().st_mtime
    changed = " with changes" if facts["dirty"] else ""
    says = f"{facts['release']} of commit {facts['commit'][:12]}{changed} ({facts['lock']}), for {ago(since)}"
    return Seen(says, False, {f'enssol_release_info{{release="{facts["release"]}",lock="{facts["lock"]}"}}': 1})


def readiness(host: Host) -> Seen:
    """Ask for /readyz as nginx would."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    try:
        connection.sock.connect(str(host.socket))
        connection.request("GET", "/readyz", headers={"Host": host.name, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        word = answer.read(100).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return Seen(f"no answer ({error})", True, {"enssol_ready": 0})
    finally:
        connection.close()
    ready = answer.status == http.HTTPStatus.OK
    return Seen(f"/readyz answers {answer.status} {word}", not ready, {"enssol_ready": float(ready)})


def answers(host: Host) -> Seen:
    del host
    entries = run("journalctl", "--identifier=nginx_access", f"--since=-{MINUTES}min", "--output=cat", "--quiet")
    return answers_of(entries.splitlines())


def answers_of(lines: Iterable[str]) -> Seen:
    """Count nginx's answers, of which it writes one JSON object a line."""
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
            found.append((int(entry["status"]), float(entry["seconds"])))
        except (ValueError, KeyError, TypeError):
            continue
    errors, slowest = sum(status >= 500 for status, _ in found), max((seconds for _, seconds in found), default=0.0)
    says = f"{len(found)} in {MINUTES} min, {errors} of 500 and above, the slowest after {slowest:.2f} s"
    values = {"enssol_answers": float(len(found)), "enssol_answers_of_500": float(errors)}
    return Seen(says, errors > ERRORS, values | {"enssol_answers_slowest_seconds": slowest})


def certificate(host: Host) -> Seen:
    """Look at the certificate that the site itself serves."""
    context = ssl.create_default_context()
    # Who signed it is the visitors' business, and an ended one is to be told of too.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", host.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host.name) as secured,
    ):
        served = ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")
    said = run("openssl", "x509", "-noout", "-enddate", given=served).strip().removeprefix("notAfter=")
    seconds = ssl.cert_time_to_seconds(said) - time.time()
    ends = datetime.fromtimestamp(seconds + time.time(), UTC)
    values = {"enssol_certificate_ends_seconds": round(seconds)}
    return Seen(f"ends in {seconds / 86400:.0f} days, {ends:%Y-%m-%d}", seconds < CERTIFICATE_DAYS * 86400, values)


# --- The host ---------------------------------------------------------------------------------------------------------
def disk(host: Host) -> Seen:
    folder = next(path for path in (host.data, *host.data.parents) if path.exists())
    usage = shutil.disk_usage(folder)
    # Of what others than root may use, as df counts.
    percent = 100 * usage.used / (usage.used + usage.free)
    values = {"enssol_disk_used_bytes": float(usage.used), "enssol_disk_free_bytes": float(usage.free)}
    says = f"{percent:.0f} % used, {size(usage.free)} free"
    database = host.data / "enssol.sqlite3"
    if database.exists():
        values["enssol_database_bytes"] = float(database.stat().st_size)
        says += f"; database {size(database.stat().st_size)}"
    return Seen(says, percent > DISK_PERCENT, values)


def memory(host: Host) -> Seen:
    lines = (line.split() for line in host.memory.read_text().splitlines())
    known = {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines}
    total, free = known["MemTotal"], known["MemAvailable"]
    swap = known["SwapTotal"] - known["SwapFree"]
    values = {"enssol_memory_bytes": total, "enssol_memory_available_bytes": free, "enssol_swap_used_bytes": swap}
    says = f"{size(free)} of {size(total)} available; swap {size(swap)} of {size(known['SwapTotal'])} used"
    return Seen(says, 100 * free / total < MEMORY_FREE_PERCENT, {name: float(value) for name, value in values.items()})


def backup(host: Host) -> Seen:
    """Look at the newest backup that this host kept in its bucket, or else in its folder."""
    if not host.backups.exists():
        times = [match[1] for path in host.data.glob("backups/*.tar") if (match := BACKUP_NAME.fullmatch(path.name))]
        made = [datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for text in times]
        return _backup_of(max(made, default=None), None)
    state = json.loads(host.backups.read_text())
    kept = state.get("last_snapshot_at")
    return _backup_of(datetime.fromisoformat(kept) if kept else None, state.get("last_failure"))


def _backup_of(made: datetime | None, failure: str | None) -> Seen:
    said = f"; the last try failed: {failure}" if failure else ""
    if made is None:
        return Seen(f"none is known{said}", True, {})
    seconds = (datetime.now(UTC) - made).total_seconds()
    look = bool(failure) or seconds > BACKUP_HOURS * 3600
    return Seen(f"{ago(seconds)} old{said}", look, {"enssol_backup_age_seconds": round(seconds)})


def drill(host: Host) -> Seen:
    """Look at the last restore for a trial; a host that keeps no backups in a bucket tries none by itself."""
    state = json.loads(host.drill.read_text()) if host.drill.exists() else {}
    tried, failure = state.get("last_drill_at"), state.get("last_failure")
    said = f"; the last try failed: {failure}" if failure else ""
    if not tried:
        return Seen(f"none is known{said}", bool(failure) or host.backups.exists(), {})
    seconds = (datetime.now(UTC) - datetime.fromisoformat(tried)).total_seconds()
    took = f"restored in {state.get('recovery_seconds')} s" if state.get("recovery_seconds") is not None else "restored"
    look = bool(failure) or seconds > DRILL_HOURS * 3600
    return Seen(f"{took}, {ago(seconds)} ago{said}", look, {"enssol_drill_age_seconds": round(seconds)})


def replica(host: Host) -> Seen:
    """Look whether what replicates the database runs, where it was installed; how far behind it is, its alarm knows."""
    if not host.replica.exists():
        return Seen("the database has none", False, {})
    said = run("systemctl", "show", "--property=ActiveState", "--property=NRestarts", "enssol-replica.service")
    known = dict(line.split("=", 1) for line in said.split())
    restarts = known.get("NRestarts", "")
    says = f"{known['ActiveState']}{f', restarted {restarts} times' if restarts not in {'', '0'} else ''}"
    runs = known["ActiveState"] == "active"
    return Seen(says, not runs, {"enssol_replica_active": float(runs)})


def updates(host: Host) -> Seen:
    """Count what apt would install, as it knows the archive."""
    lines = run("apt-get", "--simulate", "--quiet=2", "-o", "Debug::NoLocking=true", "dist-upgrade").splitlines()
    wanted = [line for line in lines if line.startswith("Inst ")]
    security = [line for line in wanted if re.search(r"security", line, re.IGNORECASE)]
    restart = host.restart.exists()
    says = f"{len(wanted)} pending, {len(security)} of them for security{'; a restart is due' if restart else ''}"
    values = {"enssol_updates": len(wanted), "enssol_updates_security": len(security), "enssol_restart_due": restart}
    return Seen(says, bool(security or restart), {name: float(value) for name, value in values.items()})


def units(host: Host) -> Seen:
    del host
    said = run("systemctl", "list-units", "--failed", "--no-legend", "--plain", "--no-pager").splitlines()
    failed = sorted(line.split()[0] for line in said if line.strip())
    return Seen(
        f"failed: {', '.join(failed)}" if failed else "none failed", bool(failed), {"enssol_units_failed": len(failed)}
    )


SUBJECTS: dict[str, Callable[[Host], Seen]] = {
    "release": release,
    "site": readiness,
    "answers": answers,
    "certificate": certificate,
    "disk": disk,
    "memory": memory,
    "backup": backup,
    "drill": drill,
    "replica": replica,
    "updates": updates,
    "units": units,
}


def look_at(host: Host, subjects: dict[str, Callable[[Host], Seen]]) -> dict[str, Seen | Exception]:
    """Look at each subject; what cannot be seen does not hide the others."""
    found: dict[str, Seen | Exception] = {}
    for name, see in subjects.items():
        try:
            found[name] = see(host)
        except Exception as error:
            found[name] = error
    return found


def screen(found: dict[str, Seen | Exception]) -> str:
    """Return a line for each subject."""
    lines = []
    for name, seen in found.items():
        if isinstance(seen, Seen):
            mark, says = "LOOK" if seen.look else "ok", seen.says
        else:
            mark, says = "?", " ".join(str(seen).split())
        lines.append(f"{mark:<5} {name:<12} {says}")
    return "\n".join(lines)


def prometheus(found: dict[str, Seen | Exception]) -> str:
    """Return the numbers in Prometheus's text format, with a metric that says what could not be measured."""
    values: dict[str, Any] = {}
    for name, seen in found.items():
        values[f'enssol_measured{{subject="{name}"}}'] = int(isinstance(seen, Seen))
        values |= seen.values if isinstance(seen, Seen) else {}
    values["enssol_measured_at_seconds"] = round(time.time())
    return "".join(f"{name} {value}\n" for name, value in values.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hostname")
    parser.add_argument("--prometheus", action="store_true")
    given = parser.parse_args()
    found = look_at(Host(given.hostname), SUBJECTS)
    sys.stdout.write(prometheus(found) if given.prometheus else screen(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
