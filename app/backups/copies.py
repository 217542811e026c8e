"""A copy of the database beside it, on which another release's migrations are tried."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connection

from backups import databases


def copy(folder: Path) -> str:
    """Copy the database as it is at one moment, while people work; return the copy's address.

    Args:
        folder: where there is room for a copy, or for a dump. Its name is the copy's on a server.

    Raises:
        BadBackup: the server's programs cannot dump or load it.
        DatabaseError: the server's role may not create databases.
    """
    if connection.vendor == "sqlite":
        target = folder / "copy.sqlite3"
        databases.copy_sqlite(Path(str(connection.settings_dict["NAME"])), target)
        return f"sqlite://{quote(str(target))}"
    dump = folder / "copy.dump"
    databases.dump_postgresql(dump)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(_name(folder))}")
    databases.load_postgresql(dump, _name(folder))
    return urlsplit(os.environ["ENSSOL_DATABASE_URL"])._replace(path=f"/{_name(folder)}").geturl()


def remove(folder: Path) -> None:
    """Remove what `copy` made, if it came so far; a file goes with its folder."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(_name(folder))}")


def _name(folder: Path) -> str:
    return f"{connection.settings_dict['NAME']}-{folder.name}"[:63]
