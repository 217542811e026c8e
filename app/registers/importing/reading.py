"""A register file, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from registers.importing import values
from registers.importing.columns import COLUMNS, Column, find

_CLAUSE_WORDS = ("condition", "commitment", "clause", "schedule")


class NotARegister(Exception):
    """The file as a whole cannot be read; the message is one line with its remedy."""


@dataclass(frozen=True)
class Finding:
    """Something to know about a cell: a warning, or (with a remedy) why the row is refused."""

    column: str
    message: str
    remedy: str = ""


@dataclass
class Row:
    """A row as it was understood: values by field, what fits no field, and what was found on the way.

    `headers` maps a field to the name that the file gives its column, which is the name that people look for.
    """

    line: int
    headers: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        return any(finding.remedy for finding in self.findings)

    def warn(self, field: str, message: str) -> None:
        self.findings.append(Finding(self.headers.get(field, field), message))

    def refuse(self, field: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(self.headers.get(field, field), message, remedy))


def read_register(path: Path, *, today: date) -> Iterator[Row]:
    """Yield each row of a CSV register; blank lines are passed over, and the file is never held as a whole.

    Args:
        path: a CSV file in UTF-8, with or without a byte order mark.
        today: the day from which far-away dates are told from typing errors.

    Raises:
        NotARegister: the file cannot be opened, is not UTF-8 CSV, or lacks a needed column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(file, today)
    except OSError as error:
        raise NotARegister(f"{path}: {error.strerror or error}: give the path of a CSV file") from error
    except UnicodeDecodeError as error:
        raise NotARegister(f"{path} is not UTF-8: save it as “CSV UTF-8” and import it again") from error
    except csv.Error as error:
        raise NotARegister(f"{path} is not CSV ({error}): save it as “CSV UTF-8” and import it again") from error


def _rows(file: TextIO, today: date) -> Iterator[Row]:
    reader = csv.reader(file, strict=True)
    header: list[str] = next((cells for cells in reader if any(cell.strip() for cell in cells)), [])
    columns = _columns(header)
    line = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield _row(line, header, columns, cells, today)
        line = reader.line_num + 1


def _columns(header: list[str]) -> list[Column | None]:
    columns = [find(name) for name in header]
    fields = [column.field for column in columns if column]
    missing = [column.names[0] for column in COLUMNS if column.needed and column.field not in fields]
    if missing:
        raise NotARegister(f"this is not a register: no column named {', '.join(missing)} in its first line")
    twice = {field for field in fields if fields.count(field) > 1}
    if twice:
        raise NotARegister(f"more than one column holds {', '.join(sorted(twice))}: rename or remove one")
    return columns


def _row(line: int, header: list[str], columns: list[Column | None], cells: list[str], today: date) -> Row:
    row = Row(line, {column.field: name for name, column in zip(header, columns, strict=True) if column})
    if len(cells) != len(header):
        row.refuse("", f"it has {len(cells)} cells, the header {len(header)}", "put texts with commas in quotes")
        return row
    for name, column, cell in zip(header, columns, cells, strict=True):
        if column is None:
            if cell.strip():
                row.extra[name] = cell
                row.warn(name, "this column has no field; its text is kept with the obligation")
            continue
        dated = {"today": today} if column.read is values.day else {}
        try:
            row.values[column.field] = column.read(cell, partial(row.warn, column.field), **dated)
        except values.Refused as refusal:
            row.refuse(column.field, refusal.problem, refusal.remedy)
    _check(row)
    return row


def _check(row: Row) -> None:
    """Look at what only several cells together tell."""
    read = row.values
    for column in COLUMNS:
        if column.needed and read.get(column.field) == "":
            row.refuse(column.field, "it is empty", f"write the {column.names[0].replace('_', ' ')}")
    word = (read.get("number") or "").split(" ")[0].lower()
    meant = get_close_matches(word, _CLAUSE_WORDS, n=1, cutoff=0.85)
    if meant and word != meant[0]:
        row.warn("number", f"{word!r} looks like {meant[0]!r} misspelt; it is stored as printed")
    if read.get("status") == "completed" and not read.get("close_out_date"):
        row.warn("close_out_date", "completed, but without a close-out date")
    if read.get("close_out_date") and read.get("status") not in {"completed", None}:
        row.warn("status", "there is a close-out date, but the status is not completed")
    if read.get("recurring") and not read.get("recurring_frequency"):
        row.warn("recurring_frequency", "recurring, but without a frequency")
    for thing in ("recurring", "inspection"):
        if read.get(thing) is False and read.get(f"{thing}_frequency"):
            row.warn(thing, f"{thing} is no, yet a frequency is given; both are stored as they stand")
