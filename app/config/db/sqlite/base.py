"""SQLite for a register that several people write at once and that survives a power cut.

Django 4.1 begins transactions as deferred, and a deferred transaction that read before it writes fails at once when
another wrote in between, whatever the busy time-out. Beginning as IMMEDIATE queues writers instead; WAL lets readers go
on meanwhile; synchronous=FULL makes a commit durable before it is acknowledged. A writer waits for 20 seconds before it
gives up: longer than an import of ten thousand rows, shorter than gunicorn's patience. (Django 5.1 has options for
this; one backend serves both.)
"""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

from django.db.backends.sqlite3 import base

PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 20000;
PRAGMA cache_size = -8000;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = 33554432;
"""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite with write-ahead log, immediate transactions and full durability."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        connection: Connection = super().get_new_connection(conn_params)
        connection.executescript(PRAGMAS)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        self.cursor().execute("BEGIN IMMEDIATE")
