"""Tell CloudWatch what only the host itself knows: its disk, errors, certificate, backups and replica.

Everything comes from the environment:
  METRICS_NAMESPACE  namespace of CloudWatch, the one that the host's role may write to.
  METRICS_HOSTNAME   name of the site, served at 127.0.0.1:443.
  METRICS_BACKUPS    bucket and prefix of the backups, as bucket/prefix.
  METRICS_REPLICA    bucket and prefix of the database's replica, as bucket/prefix; empty where there is none.
Region and credentials are boto3's own business. What cannot be measured is left out and said on standard error; its
alarm takes silence for a fault. Ends with 1 then, so that the unit is among the failed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# As often as the timer runs.
MINUTES = 5
# What a year without a backup would be, in hours: there is none.
NO_BACKUP_HOURS = 8760.0
DATABASE = Path("/var/lib/enssol/enssol.sqlite3")
# Litestream looks every second; one that did not for so long does not run.
UNNUMBERED_SECONDS = 60


def disk_used(path: str = "/var/lib") -> float:
    """Percent of the file system that are used, of what others than root may use."""
    usage = shutil.disk_usage(path)
    return 100 * usage.used / (usage.used + usage.free)


def server_errors(lines: Iterable[str]) -> int:
    """Count the answers of 500 and above in nginx's access log, one JSON object a line."""
    count = 0
    for line in lines:
        try:
            count += int(json.loads(line)["status"]) >= 500
        except (ValueError, KeyError, TypeError):
            continue
    return count


def access_log() -> list[str]:
    """What nginx wrote to the journal since the last time."""
    command = ["/bin/journalctl", "--identifier=nginx_access", f"--since=-{MINUTES}min", "--output=cat", "--quiet"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace")  # noqa: S603 - no shell
    return done.stdout.splitlines()


def certificate_days(hostname: str, port: int = 443, now: datetime | None = None) -> float:
    """Days until the certificate ends that the site itself serves; below zero when it has ended."""
    from cryptography import x509  # noqa: PLC0415 - only the release's own Python has it

    context = ssl.create_default_context()
    # Who signed it is the visitors' business, and an ended one is to be measured too.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=hostname) as secured,
    ):
        served = secured.getpeercert(binary_form=True)
    ends = x509.load_der_x509_certificate(served or b"").not_valid_after_utc
    return (ends - (now or datetime.now(UTC))).total_seconds() / 86400


def backup_hours(s3: Any, backups: str, now: datetime | None = None) -> float:
    """Hours since the newest object of the backups was written."""
    bucket, _, prefix = backups.partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    written = [one["LastModified"] for page in pages for one in page.get("Contents", [])]
    if not written:
        return NO_BACKUP_HOURS
    return float(((now or datetime.now(UTC)) - max(written)).total_seconds() / 3600)


def drill_hours(state: Path = Path("/var/lib/enssol-backup/drill.json"), now: datetime | None = None) -> float:
    """Hours since the newest backup was last restored for a trial; a trial that failed since then counts as none."""
    known = json.loads(state.read_text()) if state.exists() else {}
    if known.get("last_failure") or not known.get("last_drill_at"):
        return NO_BACKUP_HOURS
    return ((now or datetime.now(UTC)) - datetime.fromisoformat(known["last_drill_at"])).total_seconds() / 3600


def replica_lag(s3: Any, replica: str, database: Path, now: datetime | None = None) -> float:
    """Seconds that the oldest change has waited which is not in the bucket; 0 when all of them are.

    A stored file that was not yet copied off the host counts as a change: a link to it waits beside the database.
    Litestream numbers changes, and keeps those of the last minutes beside the database, a file each, under the name
    that it has in the bucket. A change that it did not even number stands in the write-ahead log.

    Raises:
        FileNotFoundError: nothing was ever replicated here.
    """
    bucket, _, prefix = replica.partition("/")
    numbered = sorted((database.parent / f".{database.name}-litestream" / "ltx" / "0").glob("*.ltx"))
    if not numbered:
        raise FileNotFoundError("Litestream has not begun: see journalctl -u enssol-replica")
    level = f"{prefix}/0000/"
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=level, StartAfter=level + numbered[0].stem[:-1]
    )
    kept = {one["Key"].removeprefix(level) for page in pages for one in page.get("Contents", [])}
    waiting = [file.stat().st_mtime for file in numbered if file.name not in kept]
    waiting += [file.stat().st_mtime for file in (database.parent / "unsent").glob("*")]
    log, last = database.with_name(f"{database.name}-wal"), numbered[-1].stat().st_mtime
    if log.exists() and log.stat().st_mtime - last > UNNUMBERED_SECONDS:
        waiting.append(last)
    return max(0.0, (now or datetime.now(UTC)).timestamp() - min(waiting)) if waiting else 0.0


def measure(measures: dict[tuple[str, str], Callable[[], float]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Take each measure; return CloudWatch's data, and a sentence for each that could not be taken."""
    data, failures = [], []
    for (name, unit), take in measures.items():
        try:
            data.append({"MetricName": name, "Unit": unit, "Value": round(take(), 2)})
        except Exception as error:
            failures.append(f"{name} could not be measured: {error}")
    return data, failures


def main() -> int:
    import boto3  # noqa: PLC0415 - only the release's own Python has it

    given = os.environ
    s3 = boto3.client("s3")
    measures: dict[tuple[str, str], Callable[[], float]] = {
        ("DiskUsed", "Percent"): disk_used,
        ("ServerErrors", "Count"): lambda: server_errors(access_log()),
        # CloudWatch knows neither days nor hours.
        ("CertificateDays", "None"): lambda: certificate_days(given["METRICS_HOSTNAME"]),
        ("BackupHours", "None"): lambda: backup_hours(s3, given["METRICS_BACKUPS"]),
        ("DrillHours", "None"): drill_hours,
    }
    if replica := given.get("METRICS_REPLICA"):
        measures["ReplicaLag", "Seconds"] = lambda: replica_lag(s3, replica, DATABASE)
    data, failures = measure(measures)
    for one in data:
        one["Dimensions"] = [{"Name": "Site", "Value": given["METRICS_HOSTNAME"]}]
    boto3.client("cloudwatch").put_metric_data(Namespace=given["METRICS_NAMESPACE"], MetricData=data)
    print(json.dumps({one["MetricName"]: one["Value"] for one in data}))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
