"""A register as a file that can be imported again and changes nothing then: all columns, row by row, in flat memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from registers.importing.columns import COLUMNS, extra_header
from registers.importing.literal import mark
from registers.importing.sheets import encoded
from registers.importing.values import text_changes

from obligations.importing.facts import RELATED, facts_of
from obligations.querysets import ObligationQuerySet

BATCH = 500
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHEET = "Register"


def write_csv(obligations: ObligationQuerySet) -> Iterator[bytes]:
    """Yield a CSV file in UTF-8, whose byte order mark tells Excel so.

    Args:
        obligations: which, in their order.
    """
    pieces: list[str] = []
    writer = csv.writer(_Sink(pieces))
    yield b"\xef\xbb\xbf"
    for number, cells in enumerate(_table(obligations, formulas=True)):
        writer.writerow(cells)
        if number % BATCH == 0:
            yield "".join(pieces).encode()
            pieces.clear()
    yield "".join(pieces).encode()


def write_xlsx(obligations: ObligationQuerySet, file: BinaryIO) -> None:
    """Write a workbook with one sheet.

    Args:
        obligations: which, in their order.
        file: open for writing; it has to be able to seek.
    """
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(SHEET)
    sheet.freeze_panes = "A2"
    for number, cells in enumerate(_table(obligations, formulas=False)):
        sheet.append([_cell(sheet, cell, heading=not number) for cell in cells])
    book.save(file)


def xlsx(obligations: ObligationQuerySet) -> BinaryIO:
    """Return a workbook in a temporary file that is gone when it is closed."""
    file = TemporaryFile()  # noqa: SIM115 - the answer that sends it closes it
    write_xlsx(obligations, file)
    file.seek(0)
    return file


def _table(obligations: ObligationQuerySet, *, formulas: bool) -> Iterator[list[Any]]:
    extras = _extras(obligations)
    yield [column.names[0] for column in COLUMNS] + [extra_header(name) for name in extras]
    for obligation in obligations.select_related(*RELATED).iterator(chunk_size=BATCH):
        facts = facts_of(obligation)
        cells = [column.written(facts[column.field], formulas=formulas) for column in COLUMNS]
        texts = (str(obligation.extra.get(name) or "") for name in extras)
        yield cells + [mark(text, text_changes, formulas=formulas) for text in texts]


def _extras(obligations: ObligationQuerySet) -> list[str]:
    """Return the names of all extra fields; SQL of two databases would not be shorter."""
    names: dict[str, None] = {}
    for extra in obligations.order_by().exclude(extra={}).values_list("extra", flat=True).iterator(chunk_size=BATCH):
        names |= dict.fromkeys(extra)
    return sorted(names)


def _cell(sheet: Any, value: Any, *, heading: bool) -> Any:
    cell = WriteOnlyCell(sheet, "")
    if isinstance(value, str):
        # Set by hand: openpyxl would take a text for a formula, an error or a number.
        cell._value, cell.data_type = encoded(value), "s"
    else:
        cell.value = value
    if isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    if heading:
        cell.font = Font(bold=True)
    return cell


class _Sink:
    """What the csv module writes to: a list of pieces."""

    def __init__(self, pieces: list[str]) -> None:
        self.write = pieces.append
