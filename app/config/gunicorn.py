"""gunicorn's settings, read as `--config python:config.gunicorn`.

The socket comes from systemd, or from `--bind` when a release is rehearsed. Whoever can connect to a Unix socket is
believed about the client's address and scheme, and that is nginx alone.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
from os import EX_CONFIG, getppid, kill
from signal import SIGTERM
from typing import Any

# One process: half a gigabyte of memory holds one. Threads keep a slow client from holding up the others.
worker_class = "gthread"
workers = 1
threads = 4
keepalive = 5

# Loaded once, before the worker is forked from it, so that a recycled worker is there at once.
preload_app = True
# The heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a file that gunicorn unlinks as soon as it is open
# What a library leaks, or a figure left behind, goes with its worker.
max_requests = 1000
max_requests_jitter = 100

timeout = 30
graceful_timeout = 20
control_socket_disable = True

# To the journal; nginx writes the access log.
errorlog = "-"


# What SQLite says of a file that is not as it wrote it.
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def on_starting(server: Any) -> None:
    """Refuse to serve a damaged database: half of the truth is worse than none. A second for 200 MB."""
    from django.db import Error, connection  # noqa: PLC0415 - settings exist once the app is loaded

    if connection.vendor != "sqlite":
        return
    try:
        with connection.cursor() as cursor:
            fault = str(cursor.execute("PRAGMA quick_check(1)").fetchone()[0])
    except Error as error:
        fault = str(error)
    connection.close()
    if fault != "ok":
        server.log.critical("The database is damaged, so nothing is served: restore a backup. SQLite says: %s", fault)
        sys.exit(EX_CONFIG)


def post_worker_init(worker: Any) -> None:
    """Start anew, and with that look at the whole file, when somebody's page meets damage."""
    from django.core.signals import got_request_exception  # noqa: PLC0415 - settings exist once the app is loaded

    def met(**_: Any) -> None:
        error: BaseException | None = sys.exc_info()[1]
        cause = error.__cause__ if error else None
        # The rest of the code says where.
        if isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            worker.log.critical("A page met damage in the database: %s", cause)
            kill(getppid(), SIGTERM)

    got_request_exception.connect(met, weak=False)


def when_ready(server: Any) -> None:
    """Keep the garbage collector from touching, and so from copying, what the worker shares with this process."""
    del server
    gc.collect()
    gc.freeze()
