"""A register file, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from textwrap import shorten
from typing import Any, TextIO

from registers.importing import values
from registers.importing.columns import COLUMNS, Column, find
from registers.sorting import natural_key

_CLAUSE_WORDS = ("condition", "commitment", "clause", "schedule")
_DATES = tuple(column.field for column in COLUMNS if column.read is values.day)


class NotARegister(Exception):
    """The file as a whole cannot be read; the message is one line with its remedy."""


@dataclass(frozen=True)
class Finding:
    """Something to know about a cell: a warning, or (with a remedy) why the row is refused."""

    column: str
    message: str
    remedy: str = ""
    read: str = ""
    before: str = ""
    stored: str = ""

    def __str__(self) -> str:
        """One line that rows with the same finding share."""
        if not self.remedy:
            return f"{self.column}: {self.message}"
        read = f" “{shorten(self.read, 60, placeholder='…')}”" if self.read.strip() else ""
        return f"{self.column or 'row'}{read}: {self.message}: {self.remedy}"


@dataclass
class Row:
    """A row as it was understood: values by field, what fits no field, and what was found on the way."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    """What the file says, by field."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the file calls the column of a field, which is the name that people look for."""

    @property
    def refused(self) -> bool:
        return any(finding.remedy for finding in self.findings)

    def warn(self, field: str, message: str, stored: object = "", *, before: object = "") -> None:
        """Note what became of a field's cell."""
        self._find(field, message, before=shown(before), stored=shown(stored))

    def refuse(self, field: str, message: str, remedy: str) -> None:
        """Keep the row out of the register."""
        self._find(field, message, remedy=remedy)

    def _find(self, field: str, message: str, **more: str) -> None:
        self.findings.append(Finding(self.names.get(field, field), message, read=self.cells.get(field, ""), **more))


def shown(value: object) -> str:
    """Return a stored value as people write it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def read_register(path: Path, *, today: date, issued: Mapping[str, date]) -> Iterator[Row]:
    """Yield each row of a CSV register; blank lines are passed over, and the file is never held as a whole.

    Args:
        path: a CSV file in UTF-8, with or without a byte order mark.
        today: the day from which far-away dates are told from typing errors.
        issued: the same for each mechanism whose issue date is known, by the natural key of its reference.

    Raises:
        NotARegister: the file cannot be opened, is not UTF-8 CSV, lacks a needed column, or holds no row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _Reader(file, today, issued).rows()
    except OSError as error:
        raise NotARegister(f"{path}: {error.strerror}: give the path of a CSV file") from error
    except UnicodeDecodeError as error:
        raise NotARegister(f"{path} is not UTF-8: save it as “CSV UTF-8” and import it again") from error
    except _Malformed as error:
        raise NotARegister(f"{path}: {error}") from error


class _Malformed(Exception):
    """What is wrong with the file, and its remedy."""


class _Reader:
    """One pass over a file."""

    def __init__(self, file: TextIO, today: date, issued: Mapping[str, date]) -> None:
        self.csv = csv.reader(file, strict=True)
        self.today = today
        self.issued = issued
        self.header: list[tuple[str, Column | None]] = []
        self.names: dict[str, str] = {}
        self.kept: set[str] = set()

    def rows(self) -> Iterator[Row]:
        lines = self._lines()
        _, header = next(lines, (0, []))
        self._understand(header)
        number = 0
        for number, cells in lines:
            yield self._row(number, cells)
        if not number:
            raise _Malformed("there is no row below its header: export the register again")

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each line that holds anything, with the number of the file's line that it begins on."""
        begins = 1
        try:
            for cells in self.csv:
                if any(cell.strip() for cell in cells):
                    yield begins, cells
                begins = self.csv.line_num + 1
        except csv.Error as error:
            raise _Malformed(f"line {begins} is not CSV ({error}): put quotes right and import it again") from error

    def _understand(self, header: list[str]) -> None:
        columns = [find(name) for name in header]
        fields = [column.field for column in columns if column]
        missing = [column.names[0] for column in COLUMNS if column.needed and column.field not in fields]
        if missing:
            hint = "separate its columns with commas" if len(header) == 1 else "name it so in the first line"
            raise _Malformed(f"not a register, it has no column {', '.join(missing)}: {hint}")
        for column in columns:
            if column and fields.count(column.field) > 1:
                raise _Malformed(f"two columns both hold the {column.names[0]}: rename or remove one")
        self.header = list(zip(_distinct(header), columns, strict=True))
        self.names = {column.field: name for name, column in self.header if column}

    def _row(self, line: int, cells: list[str]) -> Row:
        row = Row(line, names=self.names)
        missing = len(self.header) - len(cells)
        if missing > 0 or any(cell.strip() for cell in cells[len(self.header) :]):
            row.refuse(
                "",
                f"it has {len(cells)} cells under {len(self.header)} column names",
                "put cells that hold commas in quotes, and leave no cell out",
            )
            return row
        for (name, column), cell in zip(self.header, cells, strict=False):
            if column:
                self._read(row, column, cell)
            else:
                self._keep(row, name, cell)
        self._check(row)
        return row

    def _read(self, row: Row, column: Column, cell: str) -> None:
        notes: list[str] = []
        row.cells[column.field] = cell
        try:
            value = row.values[column.field] = column.read(cell, notes.append)
        except values.Refused as refusal:
            row.refuse(column.field, refusal.problem, refusal.remedy)
        else:
            for note in notes:
                row.warn(column.field, note, value)

    def _keep(self, row: Row, name: str, cell: str) -> None:
        # An empty cell is kept too: it empties what an earlier import brought.
        row.extra[name] = cell if cell.strip() else ""
        if row.extra[name] and name not in self.kept:
            self.kept.add(name)
            message = "no field is known for this column: its cells are kept with each obligation, under this name"
            row.findings.append(Finding(name, message, read=cell, stored=cell))

    def _check(self, row: Row) -> None:
        """Look at what a cell alone does not tell."""
        read = row.values
        for column in COLUMNS:
            if column.needed and read.get(column.field) == "":
                row.refuse(column.field, "it is empty", "every obligation needs one")
        issued = self.issued.get(natural_key(read.get("mechanism", "")))
        for name in _DATES:
            if read.get(name):
                try:
                    values.check_year(read[name], self.today, *([issued] if issued else []))
                except values.Refused as refusal:
                    row.refuse(name, refusal.problem, refusal.remedy)
        _compare(row)


def _compare(row: Row) -> None:
    """Warn of what is unusual; it is stored as it stands."""
    read = row.values
    number = read.get("number", "")
    word = number.split(" ")[0].lower()
    meant = get_close_matches(word, _CLAUSE_WORDS, n=1, cutoff=0.85)
    if meant and word.rstrip("s") != meant[0]:
        row.warn("number", f"{word!r} looks like {meant[0]!r} misspelt", number)
    if read.get("status") == "completed" and not read.get("close_out_date"):
        row.warn("close_out_date", "completed, but without a close-out date")
    if read.get("status") not in {"completed", None} and read.get("close_out_date"):
        row.warn("status", "there is a close-out date, but it is not completed", row.cells.get("status", ""))
    for thing in ("recurring", "inspection"):
        frequency = read.get(f"{thing}_frequency")
        if read.get(thing) and frequency == "":
            row.warn(f"{thing}_frequency", "it recurs, but how often is not said")
        if read.get(thing) is False and frequency:
            row.warn(thing, f"a frequency is given ({row.cells[f'{thing}_frequency']}), yet this says no", False)


def _distinct(header: list[str]) -> list[str]:
    """Name the columns so that no two share a name: what a file leaves unnamed or names twice is kept as well."""
    names: list[str] = []
    for number, written in enumerate(header, start=1):
        name = written.strip() or f"column {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return names
