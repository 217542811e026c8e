"""A register's file as lines of cells, whether it is text with commas or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import BinaryIO

from registers.importing.cells import Line, NotARegister

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# A requirement of a hundred pages is one cell; what is longer is a file with a quote left open.
csv.field_size_limit(1_000_000)


def lines_of(file: BinaryIO, sheet: str = "") -> Iterator[Line]:
    """Yield each line that holds anything, with the number of the line that it begins on; the file is never in memory.

    Args:
        file: CSV in UTF-8, with or without a byte order mark, or an XLSX workbook.
        sheet: which sheet of the workbook; for CSV it means nothing.

    Raises:
        NotARegister: it is neither, or damaged.
    """
    start = _start(file)
    if start == _ZIP:
        yield from _sheets().sheet_lines(file, sheet)
    elif start == _OLE:
        raise NotARegister("it is a workbook of an old Excel: save it as .xlsx or as “CSV UTF-8” and import it again")
    else:
        yield from _csv_lines(file)


def sheets_of(file: BinaryIO) -> list[str]:
    """Return the names of a workbook's visible sheets; none for CSV."""
    return _sheets().sheet_names(file) if _start(file) == _ZIP else []


def _sheets() -> ModuleType:
    """Load what reads workbooks, which takes a second of a small host and 30 MB, when there is one to read."""
    return import_module("registers.importing.sheets")


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start


def _csv_lines(file: BinaryIO) -> Iterator[Line]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    begins = 1
    reader = csv.reader(text, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise NotARegister(f"line {begins} is not CSV ({error}): put quotes right and import it again") from error
    except UnicodeDecodeError as error:
        raise NotARegister("it is not UTF-8: save it as “CSV UTF-8” and import it again") from error
    finally:
        text.detach()
