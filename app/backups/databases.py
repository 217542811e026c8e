"""A consistent copy of the database, made while the site works, and what can be proved of it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from accounts import cipher
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from backups.archive import BadBackup

# More than this many bytes are never held at once.
PIECE = 1024 * 1024


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one moment; writers go on meanwhile.

    Raises:
        BadBackup: it cannot be read, or there is no room for the copy.
    """
    try:
        with closing(_opened(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            # The copy is one file: without a write-ahead log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BadBackup(f"the database cannot be copied ({error}): see that its disk has room for it twice") from error


def prove_sqlite(path: Path) -> dict[str, int]:
    """See that a copy is sound, and that this host can read it; return its rows by table.

    Raises:
        BadBackup: it is not.
    """
    try:
        with closing(_opened(path)) as copy:
            faults = [row[0] for row in copy.execute("PRAGMA integrity_check")]
            if faults != ["ok"]:
                raise BadBackup(f"its database is damaged ({faults[0]}): take an older one")
            if loose := copy.execute("PRAGMA foreign_key_check").fetchone():
                raise BadBackup(f"a row of its table {loose[0]} points at nothing: take an older one")
            _prove_secrets(data for (data,) in copy.execute("SELECT data FROM mfa_authenticator"))
            tables = copy.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
            names = sorted(name for (name,) in tables if not name.startswith("sqlite_"))
            count = 'SELECT count(*) FROM "{}"'  # names that the database itself gave
            return {name: copy.execute(count.format(name)).fetchone()[0] for name in names}
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"its database cannot be read ({error}): take an older one") from error


def prove_migrations(path: Path) -> None:
    """See that this release can serve a copy: a backup made during a deployment, or after a rollback, may be of newer.

    Raises:
        BadBackup: it has what only a newer release knows.
    """
    with closing(_opened(path)) as copy:
        applied = set(copy.execute("SELECT app, name FROM django_migrations"))
    ours = set(settings.INSTALLED_APPS)
    known = MigrationLoader(None).disk_migrations
    unknown = sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known)
    if unknown:
        raise BadBackup(f"a newer release made it ({unknown[0]}): deploy that release, then restore")


def dump_postgresql(target: Path) -> dict[str, int]:
    """Dump the PostgreSQL database as it is at one moment; return its rows by table at that moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (moment,) = cursor.fetchone()
        options = ("--format=custom", "--no-owner", "--no-privileges")
        _postgresql("pg_dump", *options, f"--snapshot={moment}", f"--file={target}")
        return counts()


def load_postgresql(dump: Path, name: str = "") -> None:
    """Replace what the PostgreSQL database holds, or another one of that name, all of it or nothing."""
    options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    connection.close()
    name = name or str(connection.settings_dict["NAME"])
    _postgresql("pg_restore", *options, f"--dbname={name}", str(dump))


def counts() -> dict[str, int]:
    """Return the rows of the live database by table."""
    with connection.cursor() as cursor:
        found = {}
        for name in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608  names of ours
            found[name] = cursor.fetchone()[0]
        return found


def trail(path: Path | None = None) -> list[str]:
    """Verify the audit trail of a SQLite copy, or of the live database; return each organisation's last event.

    Raises:
        BadBackup: it is broken.
    """
    environment = dict(os.environ)
    if path:
        environment["ENSSOL_DATABASE_URL"] = f"sqlite://{quote(str(path))}"
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify_audit_trail"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  ours
    if done.returncode:
        said = " ".join(done.stderr.split())[-500:]
        raise BadBackup(f"{said}: take an older one")
    return done.stdout.splitlines()


def compress(source: Path, target: Path) -> None:
    """Compress a file; the same bytes give the same file."""
    with (
        source.open("rb") as plain,
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, PIECE)


def expand(source: Path, target: Path) -> None:
    """Expand a compressed file.

    Raises:
        BadBackup: it is damaged.
    """
    try:
        with gzip.open(source, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, PIECE)
    except (OSError, EOFError) as error:
        raise BadBackup(f"its database cannot be expanded ({error}): take an older one") from error


def _prove_secrets(stored: Iterator[str]) -> None:
    for data in stored:
        values: dict[str, Any] = json.loads(data)
        try:
            for name in {"secret", "seed"} & values.keys():
                cipher.decrypt(values[name])
        except InvalidToken as error:
            raise BadBackup(
                "its second factors are encrypted with a key that this host does not have: "
                "add the former key to ENSSOL_ENCRYPTION_KEYS"
            ) from error


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)


def _postgresql(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's; the password goes by the environment, where no process list shows it."""
    given = connection.settings_dict
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = os.environ | {name: str(given[key]) for name, key in named.items() if given[key]}
    options = {name: str(value) for name, value in given.get("OPTIONS", {}).items() if name in {"host", "sslmode"}}
    environment |= {f"PG{name.upper()}": value for name, value in options.items()}
    command = [program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    if done.returncode:
        raise BadBackup(f"{program} failed: {' '.join(done.stderr.split())[-500:]}")
