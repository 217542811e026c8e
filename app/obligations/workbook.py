"""Writing rows to a workbook, one by one, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from registers.importing.sheets import encoded

SHEET = "Register"


def write(rows: Iterable[list[Any]], file: BinaryIO, name: str = SHEET) -> None:
    """Write a workbook with one sheet.

    Args:
        rows: cells of text, dates and numbers; the first is the header.
        file: open for writing; it has to be able to seek.
        name: of the sheet.
    """
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, cells in enumerate(rows):
        sheet.append([_cell(sheet, cell, heading=not number) for cell in cells])
    book.save(file)


def _cell(sheet: Any, value: Any, *, heading: bool) -> Any:
    if value == "":
        return None
    if not heading and isinstance(value, int):
        return value
    cell: Any = WriteOnlyCell(sheet, "")
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
