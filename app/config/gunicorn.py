"""gunicorn's settings, read as `--config python:config.gunicorn`.

The socket comes from systemd, or from `--bind` when a release is rehearsed. Whoever can connect to a Unix socket is
believed about the client's address and scheme, and that is nginx alone.
"""

from __future__ import annotations

import gc
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


def when_ready(server: Any) -> None:
    """Keep the garbage collector from touching, and so from copying, what the worker shares with this process."""
    del server
    gc.collect()
    gc.freeze()
