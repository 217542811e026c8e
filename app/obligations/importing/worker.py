"""Doing an import's work in a process of its own.

Not in the request: 10 000 rows take minutes on a host that may use a twentieth of a processor, longer than the web
server, a proxy or a person with a closed lid waits, and one of the four threads would wait with them. A process that is
started for it goes on by itself, gives its memory back at its end, and tells its progress in the batch's row.
"""

from __future__ import annotations

import fcntl
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

from audit.models import Channel
from audit.origin import changes_from
from django.conf import settings
from files.models import StoredFile
from files.services import open_stored
from registers.importing.cells import NotARegister

from obligations.models import ImportBatch

logger = logging.getLogger(__name__)
State = ImportBatch.State
# States in which somebody has to be at work.
RUNNING = (State.CHECKING, State.ACCEPTING, State.UNDOING)


def start(batch: ImportBatch) -> None:
    """Start the process that does the batch's next step, unless one is at work on it."""
    with _lock_file(batch).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        process = subprocess.Popen(  # noqa: S603 - our own command and two numbers
            [sys.executable, "manage.py", "import_batch", str(batch.pk), "--lock", str(lock.fileno())],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            # It inherits the lock, so that there is no moment in which nobody seems to be at work.
            pass_fds=[lock.fileno()],
            # It outlives the request, and the web server's worker if that is recycled.
            start_new_session=True,
        )
    # Somebody has to take note of its end, or it stays in the list of processes.
    Thread(target=process.wait, daemon=True).start()


def is_at_work(batch: ImportBatch) -> bool:
    """Return whether a process works on the batch: it holds a lock that ends with it, however it ends."""
    with _lock_file(batch).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run(batch: ImportBatch, *, has_lock: bool = False) -> None:
    """Do the batch's next step; without one, or while another process works on it, do nothing.

    Args:
        batch: which.
        has_lock: whether this process has inherited the batch's lock.
    """
    with _alone(batch, has_lock=has_lock) as alone:
        if alone:
            batch.refresh_from_db()
            with changes_from(Channel.IMPORT):
                _step(batch)


def _step(batch: ImportBatch) -> None:
    # Only now: the web server, which only starts the process, needs no spreadsheets in its memory.
    from obligations.importing import steps  # noqa: PLC0415

    try:
        if batch.state == State.UPLOADED and batch.file:
            with _opened(batch.file) as file:
                steps.look(batch, file)
        elif batch.state == State.CHECKING and batch.file:
            with _opened(batch.file) as file:
                steps.check(batch, file, batch.uploaded_by)
        elif batch.state == State.ACCEPTING:
            steps.accept(batch, batch.accepted_by)
        elif batch.state == State.UNDOING:
            steps.undo(batch, batch.undone_by)
    except (NotARegister, OSError) as error:
        said = str(error) if isinstance(error, NotARegister) else "the uploaded file is lost: upload it again"
        _fail(batch, said)
    except Exception:
        logger.exception("Import %s stopped", batch.pk)
        if batch.state in {State.UPLOADED, State.CHECKING}:
            _fail(batch, "it could not be read, for a reason that the server's log tells")
        raise


@contextmanager
def _opened(stored: StoredFile) -> Iterator[BinaryIO]:
    with open_stored(stored) as file:
        yield cast(BinaryIO, file)


def _fail(batch: ImportBatch, problem: str) -> None:
    batch.state, batch.problem = State.FAILED, problem
    batch.save(update_fields=["state", "problem"])


@contextmanager
def _alone(batch: ImportBatch, *, has_lock: bool) -> Iterator[bool]:
    """Hold the batch's lock, and one that lets imports run one after the other: there is memory for one."""
    with _lock_file(batch).open("w") as own, (_folder() / "one").open("w") as one:
        try:
            if not has_lock:
                fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            fcntl.flock(one, fcntl.LOCK_EX)
            yield True


def _lock_file(batch: ImportBatch) -> Path:
    return _folder() / str(batch.pk)


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
