"""A database that is not as SQLite wrote it: said once, and nothing of it served."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from django.db import connection

from config.tests.subprocesses import python

GUNICORN = ("-m", "gunicorn", "--config", "python:config.gunicorn", "--bind", "127.0.0.1:0", "config.wsgi")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's files are another host's")
def test_a_damaged_database_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "site.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE some (words TEXT)")
        made.executemany("INSERT INTO some VALUES (?)", [("x" * 3000,)] * 100)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(10_000))
    process = python(*GUNICORN, ENSSOL_DATABASE_URL=f"sqlite:///{path}")
    _, said = process.communicate(timeout=60)
    assert process.returncode == os.EX_CONFIG
    assert "The database is damaged, so nothing is served: restore a backup. SQLite says: " in said
