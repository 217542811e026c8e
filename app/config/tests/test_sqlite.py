from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import django
import pytest
from django.db import connection

from config.tests.subprocesses import python

SCRIPT = """
import sys, django
django.setup()
from django.db import connection, transaction
with connection.cursor() as cursor:
    if sys.argv[1] == "create":
        cursor.execute("CREATE TABLE counter (value integer)")
        cursor.execute("INSERT INTO counter VALUES (0)")
        cursor.execute("PRAGMA journal_mode")
    for _ in range(100 if sys.argv[1] == "write" else 0):
        with transaction.atomic():
            cursor.execute("SELECT value FROM counter")
            cursor.execute("UPDATE counter SET value = %s", [cursor.fetchone()[0] + 1])
    if sys.argv[1] == "read":
        cursor.execute("SELECT value FROM counter")
    if sys.argv[1] != "write":
        print(cursor.fetchone()[0])
"""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no pragmas")
@pytest.mark.django_db
@pytest.mark.parametrize(("pragma", "value"), [("synchronous", 2), ("busy_timeout", 20_000), ("foreign_keys", 1)])
def test_a_commit_is_durable_and_a_writer_waits(pragma: str, value: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone()[0] == value


def test_four_writers_lose_no_update_and_meet_no_locked_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/writers.sqlite3"

    def start(what: str, number: int = 1) -> list[str]:
        processes = [python("-c", SCRIPT, what, ENSSOL_DATABASE_URL=database) for _ in range(number)]
        answers = [process.communicate() for process in processes]
        assert [errors for _, errors in answers] == [""] * number
        return [output.strip() for output, _ in answers]

    assert start("create") == ["wal"]
    start("write", 4)
    assert start("read") == ["400"]


@pytest.mark.skipif(
    connection.vendor != "sqlite" or django.VERSION >= (5,), reason="SQLite and the kernel are the same: once is enough"
)
def test_a_writer_killed_at_random_points_loses_nothing_that_it_acknowledged() -> None:
    """The benchmark kills at 200 points; here are a few of them."""
    # A killed process needs no disk to lose its memory, and a memory file system does not wait for one.
    with TemporaryDirectory(dir="/dev/shm") as folder:
        given = {"ENSSOL_DATABASE_URL": f"sqlite:///{folder}/killed.sqlite3", "ENSSOL_DATA_DIR": folder}
        output, errors = python("-m", "bench.kills", "8", **given).communicate()
    assert output, errors
    found = json.loads(output)
    assert found["acknowledged"] > 0
    assert {name: found[name] for name in ("kills", "lost", "doubled", "broken")} == {
        "kills": 8,
        "lost": 0,
        "doubled": 0,
        "broken": 0,
    }
