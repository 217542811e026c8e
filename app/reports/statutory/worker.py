"""The queue of reports whose documents are to be made: one process at a time, started when somebody asks.

Typesetting takes more memory than the web process has to spare, so it happens in a process that gives it back.
"""

from __future__ import annotations

import fcntl
import logging
import subprocess
import sys
from pathlib import Path
from threading import Thread

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from reports.statutory.freezing import TamperedSnapshot
from reports.statutory.making import DocumentsFailed, documents, make
from reports.statutory.models import StatutoryReport

logger = logging.getLogger(__name__)
# What stands in the row while a process works on it; if that was killed, it is what people read.
IN_HAND = "The work on the documents was stopped before its end: the server was restarted, perhaps."


def ask(report: StatutoryReport) -> None:
    """Put a finalised report into the queue, and see that somebody works on it."""
    StatutoryReport.objects.filter(pk=report.pk).update(asked_at=timezone.now(), problem="")
    start()


def is_waiting(report: StatutoryReport) -> bool:
    """Return whether the report's documents are being made, or will be as soon as others are done."""
    return report.asked_at is not None or (report.problem == IN_HAND and is_at_work())


def start() -> None:
    """Start the process that makes what waits, unless one is at work."""
    with _lock_file().open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        process = subprocess.Popen(  # noqa: S603 - our own command and a number
            [sys.executable, "manage.py", "generate_report", "--queue", "--lock", str(lock.fileno())],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            # It inherits the lock, so that there is no moment in which nobody seems to be at work.
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )
    # Somebody has to take note of its end, or it stays in the list of processes.
    Thread(target=process.wait, daemon=True).start()


def is_at_work() -> bool:
    """Return whether a process makes documents: it holds a lock that ends with it, however it ends."""
    with _lock_file().open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run(*, has_lock: bool = False) -> int:
    """Make the documents of all reports that wait, the longest waiting first, and return of how many.

    Args:
        has_lock: whether this process has inherited the queue's lock.
    """
    number = 0
    with _lock_file().open("w") as lock:
        try:
            if not has_lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return number
        while report := _next():
            _make(report)
            number += 1
    return number


def _next() -> StatutoryReport | None:
    waiting = StatutoryReport.objects.filter(~Q(state=StatutoryReport.State.DRAFT), asked_at__isnull=False)
    return waiting.select_related("project", "mechanism").order_by("asked_at", "pk").first()


def _make(report: StatutoryReport) -> None:
    rows = StatutoryReport.objects.filter(pk=report.pk)
    # Taken out first: what kills this process does not meet the next one again.
    rows.update(asked_at=None, problem=IN_HAND)
    try:
        make(report)
    except TamperedSnapshot:
        logger.exception("Report %s", report.pk)
        problem = "What was finalised is not what is stored: its hash does not match. Tell whoever runs the server."
    except DocumentsFailed as error:
        logger.exception("Report %s", report.pk)
        problem = str(error)
    except Exception:
        logger.exception("Report %s", report.pk)
        problem = "The documents could not be made, for a reason that the server's log tells."
    else:
        problem = ""
    rows.filter(problem=IN_HAND).update(problem=problem)


def is_ready(report: StatutoryReport) -> bool:
    """Return whether the documents are there."""
    return bool(documents(report))


def _lock_file() -> Path:
    folder: Path = settings.DATA_DIR / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / ".lock"
