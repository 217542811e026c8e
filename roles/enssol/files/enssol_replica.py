"""What the bucket holds of each change, as a backup that is proved and restored like one of the night."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from enssol_host import CAPTURED, Host, ReleaseError, last_words, linked, manage, settings, start

LITESTREAM = "/usr/local/bin/litestream"


def assemble(host: Host, at: str) -> Path:
    """Make a backup of the replicated database and of the files that were copied off this host; return it.

    Args:
        host: one that role replica set up, this site's or one that takes its place.
        at: a moment in ISO 8601 with its offset; empty means the newest.

    Raises:
        ReleaseError: there is no replica here, or what it holds is not whole.
    """
    release, given = linked(host), settings(host)
    if release is None or "REPLICA_FILES" not in given:
        raise ReleaseError("this host has no replica: restore a backup of the night with -e restore_from=backups")
    wanted = _moment(at) if at else None
    folder = Path(given["REPLICA_WORK"])
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    copy = folder / "enssol.sqlite3"
    made = [datetime.fromisoformat(one["timestamp"]) for one in json.loads(_litestream(host, release, "ltx", "-json"))]
    newest = max((one for one in made if wanted is None or one <= wanted), default=None)
    if newest is None:
        begins = f"begins after {at}" if made else "holds nothing yet"
        raise ReleaseError(f"the replica {begins}: restore a backup of the night with -e restore_from=backups")
    until = ["-timestamp", f"{wanted.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"] if wanted else []
    theirs = {"ENSSOL_DATABASE_URL": f"sqlite://{copy}", "ENSSOL_EVIDENCE_URL": given["REPLICA_FILES"]}
    try:
        _litestream(host, release, "restore", "-integrity-check", "full", *until, "-o", str(copy))
        made_there = manage(host, release, "backup", str(folder), "--as-of", newest.isoformat(), given=theirs)
    except ReleaseError as error:
        raise ReleaseError(f"{error}; or give an earlier moment, or -e restore_from=backups") from error
    finally:
        # Whatever failed: it takes as much room as what serves.
        for left in folder.glob(f"{copy.name}*"):
            left.unlink()
    return Path(made_there.splitlines()[-1])


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ReleaseError(f"{text!r} is no moment: write it as 2026-11-20T09:30+08:00") from error
    if found.tzinfo is None:
        raise ReleaseError(f"{text} has no offset: write it as {text}+08:00, or with Z for UTC")
    return found


def _litestream(host: Host, release: Path, command: str, *options: str) -> str:
    arguments = (command, "-config", settings(host)["REPLICA_CONFIGURATION"], *options)
    process = start(host, release, LITESTREAM, *arguments, settings(host)["REPLICA_DATABASE"], **CAPTURED)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise ReleaseError(f"`litestream {command}` failed: {last_words(output)}")
    return str(output)
