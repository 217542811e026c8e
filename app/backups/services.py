"""Backing the site up, and bringing it back."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone
from files.models import StoredFile
from files.services import path_of
from files.storage import Folder, storage

from backups import databases
from backups.archive import BadBackup, Manifest, Writer, unpack

SQLITE, DUMP = "database.sqlite3.gz", "database.dump"
# What SQLite keeps beside a database.
BESIDE = ("", "-wal", "-shm")


class Restored(NamedTuple):
    """What a restore did: from which backup, and where what stood there before is kept."""

    manifest: Manifest
    aside: Path


def back_up(folder: Path, *, as_of: datetime | None = None) -> Path:
    """Write a backup of the database and of the evidence that it names; return the file, beside it its SHA-256.

    Args:
        folder: where to; a backup that could not be finished leaves nothing there.
        as_of: how old the data is; None means now.

    Raises:
        BadBackup: the database, its trail or a stored file is not as it should be. A backup that could not be restored
            is none.
    """
    now = as_of.astimezone(UTC) if as_of else timezone.now()
    target = folder / f"enssol-{now:%Y%m%dT%H%M%SZ}.tar"
    with workplace(folder) as place:
        part = place / target.name
        with part.open("wb") as file:
            with Writer(file) as writer:
                counted, trail = _add_database(writer, place)
                _add_evidence(writer)
                made = Manifest(_site(), now.isoformat(), _release(), connection.vendor, counted, trail)
                writer.end(made)
            os.fchmod(file.fileno(), 0o600)
            file.flush()
            os.fsync(file.fileno())
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # First what says whether the other is whole.
        checksum = place / f"{target.name}.sha256"
        checksum.write_text(f"{digest}  {target.name}\n")
        checksum.replace(folder / checksum.name)
        part.replace(target)
    return target


@contextmanager
def examined(file: IO[bytes], folder: Path, *, site: str = "") -> Iterator[tuple[Manifest, Path]]:
    """Unpack a backup and prove that it can be restored here; give its manifest and the folder with what it holds.

    Args:
        file: the backup.
        folder: where there is room; what is unpacked goes away again, unless somebody moved it.
        site: the host name of the site that it is from, if it is another one than this.

    Raises:
        BadBackup: it cannot be restored here.
    """
    with workplace(folder) as place:
        manifest = unpack(file, place)
        if manifest.site != (site or _site()):
            raise BadBackup(f"it is of {manifest.site}, not of {site or _site()}: give --site if that is meant")
        if manifest.engine != connection.vendor:
            raise BadBackup(f"it is of a {manifest.engine} database, and this site has {connection.vendor}")
        if connection.vendor == "sqlite":
            copy = place / "enssol.sqlite3"
            databases.expand(place / SQLITE, copy)
            if databases.prove_sqlite(copy) != manifest.counts:
                raise BadBackup("its tables do not hold the rows that were backed up: take an older one")
            databases.prove_migrations(copy)
            if databases.trail(copy) != manifest.trail:
                raise BadBackup("its audit trail does not end where it did: take an older one")
        yield manifest, place


def restore(file: IO[bytes], *, site: str = "") -> Restored:
    """Put a backup in the place of what is there, which is kept aside; the site has to be stopped.

    Args:
        file: the backup.
        site: as of `examined`.

    Raises:
        BadBackup: it cannot be restored here; nothing was changed.
    """
    data: Path = settings.DATA_DIR
    with examined(file, data, site=site) as (manifest, place):
        aside = data / f"replaced-{timezone.now():%Y%m%dT%H%M%S.%fZ}"
        aside.mkdir(mode=0o750)
        if connection.vendor == "sqlite":
            _exchange_sqlite(place / "enssol.sqlite3", aside)
        else:
            databases.dump_postgresql(aside / DUMP)
            databases.load_postgresql(place / DUMP)
        _exchange_evidence(place / "evidence", aside)
    # A backup of an older release is brought to the tables of this one.
    call_command("migrate", verbosity=0, interactive=False)
    return Restored(manifest, aside)


def age(manifest: Manifest) -> float:
    """Return the seconds since a backup was made."""
    return (timezone.now() - datetime.fromisoformat(manifest.made_at)).total_seconds()


def _add_database(writer: Writer, place: Path) -> tuple[dict[str, int], list[str]]:
    if connection.vendor == "sqlite":
        copy, packed = place / "copy.sqlite3", place / SQLITE
        databases.copy_sqlite(Path(str(connection.settings_dict["NAME"])), copy)
        counted, trail = databases.prove_sqlite(copy), databases.trail(copy)
        databases.compress(copy, packed)
        copy.unlink()
    else:
        packed = place / DUMP
        counted, trail = databases.dump_postgresql(packed), databases.trail()
    with packed.open("rb") as file:
        writer.add(packed.name, file, packed.stat().st_size)
    packed.unlink()
    return counted, trail


def _add_evidence(writer: Writer) -> None:
    """Add each stored file once; it was stored before the row that names it, so none of the copy's is missing."""
    kept = storage()
    rows = StoredFile.objects.order_by("sha256").values_list("sha256", "size").distinct()
    for sha256, size in rows.iterator(chunk_size=500):
        place = path_of(sha256)
        try:
            with kept.open(place) as file:
                found = writer.add(f"evidence/{place}", file, size)
        except OSError as error:
            raise BadBackup(f"the stored file {place} is lost or cut short: run manage.py verify_evidence") from error
        if found != sha256:
            raise BadBackup(f"the stored file {place} was altered: run manage.py verify_evidence")


def _exchange_sqlite(copy: Path, aside: Path) -> None:
    connections.close_all()
    database = Path(str(connection.settings_dict["NAME"]))
    for end in BESIDE:
        former = database.with_name(database.name + end)
        if former.exists():
            former.replace(aside / former.name)
    copy.chmod(0o600)
    copy.replace(database)


def _exchange_evidence(unpacked: Path, aside: Path) -> None:
    """Put the files back; in a bucket they are added, because names are hashes and what is there stays right."""
    kept = storage()
    if isinstance(kept, Folder):
        place = Path(kept.location)
        if place.exists():
            place.replace(aside / "evidence")
        unpacked.mkdir(exist_ok=True)
        shutil.move(unpacked, place)
        return
    for path in sorted(unpacked.rglob("*")):
        name = str(path.relative_to(unpacked))
        if path.is_file() and not kept.exists(name):
            with path.open("rb") as file:
                kept.save(name, file)


def _site() -> str:
    return str(settings.ALLOWED_HOSTS[0])


def _release() -> str:
    return settings.BASE_DIR.resolve().parent.name


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Give a new folder within one, on the same disk, and take it away with whatever is left in it.

    One process at a time: what it finds there is of one that was killed.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with (folder / ".backup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(".backup-*"):
            shutil.rmtree(left)
        with TemporaryDirectory(dir=folder, prefix=".backup-") as place:
            yield Path(place)
