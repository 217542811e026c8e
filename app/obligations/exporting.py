"""A register as a file that can be imported again and changes nothing then: all columns, row by row, in flat memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from registers.importing.columns import COLUMNS, extra_header
from registers.importing.literal import mark
from registers.importing.values import text_changes

from obligations.importing.facts import RELATED, facts_of
from obligations.models import Obligation
from obligations.querysets import ObligationQuerySet

BATCH = 500
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write_csv(obligations: ObligationQuerySet) -> Iterator[bytes]:
    """Yield a CSV file in UTF-8, whose byte order mark tells Excel so.

    Args:
        obligations: which, in their order.
    """
    pieces: list[str] = []
    writer = csv.writer(_Sink(pieces))
    yield b"\xef\xbb\xbf"
    for number, cells in enumerate(table(obligations, formulas=True)):
        writer.writerow(cells)
        if number % BATCH == 0:
            yield "".join(pieces).encode()
            pieces.clear()
    yield "".join(pieces).encode()


def xlsx(obligations: ObligationQuerySet) -> BinaryIO:
    """Return a workbook in a temporary file that is gone when it is closed.

    Args:
        obligations: which, in their order.
    """
    # Only now: a web server of half a gigabyte holds it only if somebody asks for a workbook.
    from obligations.workbook import write  # noqa: PLC0415

    file = TemporaryFile()  # noqa: SIM115 - the answer that sends it closes it
    write(table(obligations, formulas=False), file)
    file.seek(0)
    return file


def table(obligations: ObligationQuerySet, *, formulas: bool) -> Iterator[list[Any]]:
    """Yield the header and each obligation's cells: text, dates and numbers.

    Args:
        obligations: which, in their order.
        formulas: whether the file's format cannot say that a cell is text, so that one could become a formula.
    """
    extras = _extras(obligations)
    yield [column.names[0] for column in COLUMNS] + [extra_header(name) for name in extras]
    for obligation in _one_by_one(obligations):
        facts = facts_of(obligation)
        cells = [column.written(facts[column.field], formulas=formulas) for column in COLUMNS]
        texts = (str(obligation.extra.get(name) or "") for name in extras)
        yield cells + [mark(text, text_changes, formulas=formulas) for text in texts]


def _one_by_one(obligations: ObligationQuerySet) -> Iterator[Obligation]:
    """Yield them in order: sorting keys takes a tenth of the memory that sorting rows with all their texts does."""
    keys = list(obligations.values_list("pk", flat=True))
    stored = Obligation.objects.select_related(*RELATED)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        found = stored.in_bulk(batch)
        # Whatever was taken away since is not in the file.
        yield from (found[key] for key in batch if key in found)


def _extras(obligations: ObligationQuerySet) -> list[str]:
    """Return the names of all extra fields; SQL of two databases would not be shorter."""
    names: dict[str, None] = {}
    for extra in obligations.order_by().exclude(extra={}).values_list("extra", flat=True).iterator(chunk_size=BATCH):
        names |= dict.fromkeys(extra)
    return sorted(names)


class _Sink:
    """What the csv module writes to: a list of pieces."""

    def __init__(self, pieces: list[str]) -> None:
        self.write = pieces.append
