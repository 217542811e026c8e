"""The steps of an import, each of which can be killed at any moment and taken up again.

A check and an acceptance write in short transactions with pauses between them, because SQLite has one writer: a
transaction over all rows would keep everybody else from saving for as long as it lasts. What is accepted so far is
marked row by row, so that an acceptance that was killed goes on where it stopped, or is put back whole.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import BinaryIO, TypeVar

from accounts.models import User
from audit.services import Entry, changing, record
from config.db.inserting import insert_many
from django.db import connection, models, transaction
from django.utils import timezone
from registers.importing.columns import BY_FIELD
from registers.importing.reading import Register
from registers.models import Project
from registers.sorting import natural_key

from obligations.importing.applying import CHUNK, Application, Conflict, check_versions, waiting
from obligations.importing.comparing import Comparison
from obligations.importing.results import Outcome, Totals
from obligations.importing.undoing import applied, forget_unused, undo_chunk
from obligations.models import ColumnMapping, ImportBatch, ImportRow

# Writers that wait for SQLite look again every 100 ms at the latest, so that a pause lets one of them in.
PAUSE = 0.11
State = ImportBatch.State
Item = TypeVar("Item")


def look(batch: ImportBatch, file: BinaryIO, *, boldly: bool = True) -> None:
    """Find the file's columns, and which fields they are: as decided for this header before, or by their names.

    Args:
        batch: whose columns.
        file: open for reading.
        boldly: also take a column for what its name is merely like, for a person to confirm.

    Raises:
        NotARegister: it cannot be read.
    """
    register = Register(file, batch.sheet)
    remembered = ColumnMapping.objects.filter(
        organisation=batch.project.organisation, header=register.fingerprint
    ).first()
    guessed = register.guess(boldly=boldly)
    if remembered:
        guessed = {name: remembered.columns.get(name, field) for name, field in guessed.items()}
    # A field that Enssol does not know any more is none.
    batch.columns = {name: field if field in BY_FIELD else "" for name, field in guessed.items()}
    batch.column_names = list(batch.columns)
    batch.sheet, batch.sheets, batch.header = register.sheet, register.sheets, register.fingerprint
    batch.save(update_fields=["column_names", "columns", "sheet", "sheets", "header"])


def settle_down() -> None:
    """Make ready for many rows, in a process that does nothing else.

    Looking for rows that nothing needs any more after each 700 of them takes a sixth of the time, and what the program
    consists of needs no looking at. SQLite's own 2 MB hold too little of a large register's indexes.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -16000")  # in KiB


def check(
    batch: ImportBatch, file: BinaryIO, actor: User | None, *, tell: Callable[[Outcome], None] | None = None
) -> Totals:
    """Compare the file with the register, and keep for each row what it would change; the register stays as it is.

    Args:
        batch: in the state of being checked.
        file: open for reading.
        actor: who imports; None for the person at the server's console.
        tell: called with what becomes of each row, in the file's order.

    Raises:
        NotARegister: it cannot be read to its end.
    """
    project, totals = batch.project, Totals()
    batch.rows.all().delete()
    rows = Register(file, batch.sheet).rows(today=project.today, issued=issue_dates(project), columns=batch.columns)
    for outcomes in _paused(Comparison(project, actor).chunks(rows)):
        for outcome in outcomes:
            totals.add(outcome)
            if tell:
                tell(outcome)
        with transaction.atomic():
            insert_many([_row(batch, outcome) for outcome in outcomes])
            batch.progress = totals.rows
            batch.save(update_fields=["progress"])
    batch.counts, batch.state, batch.problem = dict(totals.counts), State.CHECKED, ""
    batch.save(update_fields=["counts", "state", "problem"])
    return totals


def accept(batch: ImportBatch, actor: User | None) -> bool:
    """Bring the checked rows in, from where it stopped if it was killed; return False if the register has changed.

    In that case nothing of the batch stays in the register, and the batch says what has changed.
    """
    try:
        check_versions(batch)
        application = Application(batch, actor)
        for chunk in _paused(_chunks(waiting(batch))):
            application.apply(chunk)
            _progress(batch, batch.progress + len(chunk))
    except Conflict as conflict:
        put_back(batch, actor)
        batch.state, batch.problem = State.CHECKED, f"{conflict}. Nothing was accepted: check the file again."
        batch.save(update_fields=["state", "problem"])
        return False
    with changing(batch.project.organisation):
        batch.state, batch.accepted_at, batch.problem = State.ACCEPTED, timezone.now(), ""
        batch.save(update_fields=["state", "accepted_at", "problem"])
        counts = {name: (None, number) for name, number in batch.counts.items()}
        entry = Entry("import.accept", batch, batch.project_id, changes=counts)
        record(batch.project.organisation, actor, entry)
    return True


def undo(batch: ImportBatch, actor: User | None) -> None:
    """Take the accepted rows back, from where it stopped if it was killed."""
    staying = put_back(batch, actor)
    with changing(batch.project.organisation):
        batch.state, batch.undone_at, batch.problem = State.UNDONE, timezone.now(), ""
        if staying:
            batch.problem = f"{staying} of its rows stay: somebody worked on them meanwhile."
        batch.save(update_fields=["state", "undone_at", "problem"])
        record(batch.project.organisation, actor, Entry("import.undo", batch, batch.project_id))


def put_back(batch: ImportBatch, actor: User | None) -> int:
    """Take out of the register what of the batch is in it; return how many rows stay as somebody worked on them."""
    staying = 0
    for chunk in _paused(_chunks(applied(batch), backwards=True)):
        staying += undo_chunk(batch, chunk, actor)
        _progress(batch, max(batch.progress - len(chunk), 0))
    forget_unused(batch, actor)
    return staying


def issue_dates(project: Project) -> dict[str, date]:
    """Return the issue date of each mechanism that has one, under the key that tells mechanisms apart."""
    return {natural_key(one.reference): one.issued for one in project.mechanisms.all() if one.issued}


def _row(batch: ImportBatch, outcome: Outcome) -> ImportRow:
    row = outcome.row
    return ImportRow(
        batch_id=batch.pk,
        line=row.line,
        number=str(row.values.get("number") or row.cells.get("number", ""))[:255],
        result=outcome.result.value,
        findings=[vars(finding) for finding in row.findings],
        changes=outcome.changes,
        obligation_id=outcome.obligation_id,
        version=outcome.version,
    )


def _chunks(rows: models.QuerySet[ImportRow], *, backwards: bool = False) -> Iterator[list[ImportRow]]:
    """Yield the rows in chunks, each fetched when it is wanted: a process that is killed has done those before it."""
    further: dict[str, int] = {}
    while chunk := list(rows.filter(**further)[:CHUNK]):
        yield chunk
        further = {"line__lt" if backwards else "line__gt": chunk[-1].line}


def _paused(items: Iterator[Item]) -> Iterator[Item]:
    """Yield what there is, with a pause for other writers before each but the first."""
    for number, item in enumerate(items):
        if number:
            time.sleep(PAUSE)
        yield item


def _progress(batch: ImportBatch, rows: int) -> None:
    batch.progress = rows
    ImportBatch.objects.filter(pk=batch.pk).update(progress=rows)
