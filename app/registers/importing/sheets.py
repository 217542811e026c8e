"""A workbook's sheet as lines of cells, each as a person reads it on the screen."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, BinaryIO

import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from registers.importing.cells import Cell, Kind, Line, NotARegister

# Unpacked. A register of 100 000 rows has a third of it; what has more was made to exhaust memory.
LARGEST = 512 * 1024 * 1024
CHUNK = 1024 * 1024
# A cell whose formula has no value beside it: the program that wrote the file never computed it.
_UNCOMPUTED = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*><f(?:/>|[^>]*/>|[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z0-9:]+)"')
# Both sides of what a chunk may cut: the longest formula has 8 192 characters.
OVERLAP = 40_000
# Source: ECMA-376 part 1, 22.9.2.19 ST_Xstring.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DECIMALS = re.compile(r"#?[0#,]*0\.(0+)")


def sheet_names(file: BinaryIO) -> list[str]:
    """Return the names of the visible sheets that hold cells.

    Raises:
        NotARegister: the file is no workbook.
    """
    with _workbook(file) as book:
        return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]


def sheet_lines(file: BinaryIO, name: str = "") -> Iterator[Line]:
    """Yield each row of a sheet that holds anything.

    Merged cells all hold what the first of them shows, and formulas what they last gave.

    Args:
        file: an XLSX workbook.
        name: of the sheet; the first visible one if empty.

    Raises:
        NotARegister: the file is no workbook, has no such sheet, or formulas that were never computed.
    """
    with _workbook(file) as book:
        sheets = {sheet.title: sheet for sheet in book.worksheets if not name or sheet.title == name}
        visible = [title for title, sheet in sheets.items() if name or sheet.sheet_state == "visible"]
        if not visible:
            raise NotARegister(
                f"the workbook has no sheet {name}".rstrip() + ": choose one that is there and not hidden"
            )
        sheet = sheets[visible[0]]
        merged = _look_through(sheet)
        # What a workbook says of its size is often wrong.
        sheet.reset_dimensions()
        width = 0
        for number, row in enumerate(sheet.iter_rows(), start=1):
            cells = [_text(cell) for cell in row]
            # A row ends with its last cell that holds anything.
            width = max(width, len(cells))
            cells += [""] * (width - len(cells))
            for columns, rows, shown in merged:
                if number == rows.start:
                    shown[:] = cells[columns.start : columns.start + 1]
                if number in rows and shown:
                    cells += [""] * (columns.stop - len(cells))
                    cells[columns.start : columns.stop] = shown * len(columns)
            if any(cell.strip() for cell in cells):
                yield number, cells


def encoded(text: str) -> str:
    """Return the text as a workbook holds it: what XML has no sign for is spelt out."""
    spelt = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", lambda found: f"_x{ord(found[0]):04X}_", spelt)


def decoded(text: str) -> str:
    """Return a workbook's text as it reads."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@contextmanager
def _workbook(file: BinaryIO) -> Iterator[Any]:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > LARGEST:
            raise NotARegister(f"it unpacks to {size // 1024**2} MB: split it, or save it as “CSV UTF-8”")
        file.seek(0)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise NotARegister("it is no workbook that can be read: save it as .xlsx or “CSV UTF-8” again") from error
    try:
        yield book
    finally:
        book.close()


def _look_through(sheet: Any) -> list[tuple[range, range, list[str]]]:
    """Return the merged cells as columns from 0, rows from 1 and room for what they show.

    What openpyxl reads row by row tells neither them nor a formula without a value, so the sheet is looked through
    before.
    """
    merged, kept = [], b""
    with sheet._get_source() as source:
        while chunk := source.read(CHUNK):
            window = kept + chunk
            if found := _UNCOMPUTED.search(window):
                cell = found[1].decode()
                raise NotARegister(
                    f"its formulas were never computed ({cell}): open it in Excel or LibreOffice and save it again"
                )
            merged += [match[1].decode() for match in _MERGED.finditer(window) if match.end() > len(kept)]
            kept = window[-OVERLAP:]
    found_ranges = []
    for text in merged:
        left, top, right, bottom = range_boundaries(text)
        if left and top and right and bottom:
            found_ranges.append((range(left - 1, right), range(top, bottom + 1), list[str]()))
    return found_ranges


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return Cell(value, Kind.ERROR) if cell.data_type == "e" else decoded(value)
    if isinstance(value, date):
        return Cell(_day(value), Kind.DAY)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(_figure(value, cell.number_format), Kind.NUMBER)
    return str(value)


def _day(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    midnight = value.time() == value.min.time()
    return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")


def _figure(value: float, form: str) -> str:
    """Return a number with the decimals that its format shows: a 1.10 is no 1.1."""
    if shown := _DECIMALS.fullmatch(form):
        return f"{value:.{len(shown[1])}f}"
    return str(int(value)) if value == int(value) else repr(value)
