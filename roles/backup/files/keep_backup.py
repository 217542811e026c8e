"""Back the site up and keep the backup in its bucket; tell in a file how that went.

Everything comes from the environment:
  BACKUP_DESTINATION  bucket and prefix, as bucket/prefix.
  BACKUP_WORK         folder with room for one backup; empty again when this ends.
  BACKUP_STATE        file that says when a backup was last kept, and what went wrong since.
  BACKUP_WAITS        seconds to wait between the tries to keep it, such as "60 600".
Region and credentials are boto3's own business. Run from the folder of manage.py. Ends with 1 when nothing was kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class NotKept(Exception):
    """Why there is no new backup in the bucket, in words."""


def make(work: Path) -> Path:
    """Have the app write a backup, proved to be restorable; return the file."""
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in work.glob("enssol-*"):
        left.unlink()
    command = [sys.executable, "manage.py", "backup", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"manage.py backup ended with {done.returncode}"]
        raise NotKept(said[-1])
    return Path(done.stdout.strip())


def upload(s3: Any, file: Path, destination: str) -> str:
    """Add a backup and its SHA-256 to the bucket, which encrypts with its own key; return the object's name.

    The checksum goes last: a backup without one is not whole.
    """
    bucket, _, prefix = destination.partition("/")
    key = f"{prefix}/{file.name}"
    for name in (file.name, f"{file.name}.sha256"):
        # A locked bucket takes nothing without a checksum.
        extra = {"ChecksumAlgorithm": "SHA256"}
        s3.upload_file(str(file.with_name(name)), bucket, f"{prefix}/{name}", ExtraArgs=extra)
    kept = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    if kept != file.stat().st_size:
        raise NotKept(f"{key} has {kept} bytes in the bucket, and {file.stat().st_size} here")
    return key


def patiently(action: Callable[[], str], waits: Iterable[float]) -> str:
    """Try again after each wait; what the last try met is raised."""
    for wait in waits:
        try:
            return action()
        except Exception as error:
            print(f"Trying again in {wait:.0f} s: {error}", file=sys.stderr)
            time.sleep(wait)
    return action()


def tell(state: Path, **changes: Any) -> None:
    """Change the state file, at once for whoever reads it."""
    try:
        known = json.loads(state.read_text())
    except (OSError, ValueError):
        known = {}
    part = state.with_name(f".{state.name}")
    part.write_text(json.dumps({**known, **changes}, indent=2) + "\n")
    part.chmod(0o644)
    part.replace(state)


def main() -> int:
    import boto3  # noqa: PLC0415 - only the release's own Python has it

    given = os.environ
    work, state = Path(given["BACKUP_WORK"]), Path(given["BACKUP_STATE"])
    started = datetime.now(UTC)
    try:
        file = make(work)
        size, s3 = file.stat().st_size, boto3.client("s3")
        waits = [float(wait) for wait in given["BACKUP_WAITS"].split()]
        key = patiently(lambda: upload(s3, file, given["BACKUP_DESTINATION"]), waits)
    except Exception as error:
        tell(state, last_failure_at=datetime.now(UTC).isoformat(), last_failure=str(error))
        print(f"No backup was kept: {error}", file=sys.stderr)
        return 1
    finally:
        for left in work.glob("enssol-*"):
            left.unlink()
    seconds = round((datetime.now(UTC) - started).total_seconds(), 1)
    # What is in it is as of the start.
    done = {"last_snapshot_at": started.isoformat(), "last_snapshot": key, "bytes": size, "seconds": seconds}
    tell(state, **done, last_failure_at=None, last_failure=None)
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
