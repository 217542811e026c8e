"""What a backup and a restore cost with a large database and much evidence, each command in a process of its own.

Usage: python -m bench.restores MEGABYTES_OF_DATABASE MEGABYTES_OF_EVIDENCE

The database is filled with comments of an audit trail's kind: text that compresses no better than people's does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.words import WORDS

MEGABYTE = 1024 * 1024
# Of each stored file: a photograph's size.
FILE = 5 * MEGABYTE
WORDS_OF_TEXT, EVENTS = 150, 2000
MANAGE = [sys.executable, "manage.py"]


class Cost(NamedTuple):
    """Seconds on the clock, and megabytes of the process that took the most of them."""

    seconds: float
    megabytes: float


def main(database: int, evidence: int) -> None:
    """Fill a site, back it up, lose it, and bring it back; print what that took."""
    folder = Path(os.environ["ENSSOL_DATA_DIR"])
    _run("migrate", "--verbosity", "0")
    _fill(database, evidence)
    kept = folder / "backups"
    backup = _cost("backup", str(kept))
    size = (folder / "enssol.sqlite3").stat().st_size
    for lost in folder.glob("enssol.sqlite3*"):
        lost.unlink()
    (folder / "evidence").rename(folder / "lost")
    restore = _cost("restore_backup")
    _run("verify_audit_trail")
    _run("verify_evidence")
    result = {
        "database": size / MEGABYTE,
        "backup_seconds": backup.seconds,
        "backup_memory": backup.megabytes,
        "restore_seconds": restore.seconds,
        "restore_memory": restore.megabytes,
    }
    print(json.dumps(result))


def _fill(database: int, evidence: int) -> None:
    import django  # noqa: PLC0415  only after the tables are there

    django.setup()
    from accounts.models import Organisation  # noqa: PLC0415  wants Django set up
    from audit.services import Entry, changing, record_many  # noqa: PLC0415  the same
    from django.core.files.base import ContentFile  # noqa: PLC0415  the same
    from django.db import connection  # noqa: PLC0415  the same
    from files.models import StoredFile  # noqa: PLC0415  the same
    from files.services import path_of  # noqa: PLC0415  the same
    from files.storage import storage  # noqa: PLC0415  the same

    organisation = Organisation.objects.create(name="Bench")
    chance, place = Random(8), storage()  # noqa: S311  no secret
    for _ in range(evidence * MEGABYTE // FILE):
        content = chance.randbytes(FILE)
        digest = sha256(content).hexdigest()
        place.save(path_of(digest), ContentFile(content))
        StoredFile.objects.create(organisation=organisation, sha256=digest, size=FILE, media_type="image/jpeg")

    def entry() -> Entry:
        text = " ".join(chance.choices(WORDS, k=WORDS_OF_TEXT))
        return Entry("organisation.change", organisation, changes={"name": ("", text)})

    path = Path(os.environ["ENSSOL_DATA_DIR"], "enssol.sqlite3")
    while path.stat().st_size < database * MEGABYTE:
        with changing(organisation):
            record_many(organisation, None, [entry() for _ in range(EVENTS)])
        # What is still in the log beside it counts, too.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _run(*arguments: str) -> None:
    subprocess.run([*MANAGE, *arguments], stdout=subprocess.DEVNULL, check=True)  # noqa: S603  our own command


def _cost(*arguments: str) -> Cost:
    began = time.monotonic()
    child = subprocess.Popen([*MANAGE, *arguments], stdout=subprocess.DEVNULL)  # noqa: S603  our own command
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"manage.py {arguments[0]} failed")
    return Cost(time.monotonic() - began, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
