"""A register file, row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO

from registers.importing import values
from registers.importing.cells import Cell, Kind, NotARegister
from registers.importing.columns import BY_FIELD, COLUMNS, EXTRA, Column, Reader, extra_name, find, likely
from registers.importing.literal import unmark
from registers.importing.rows import Finding, Row
from registers.importing.tables import lines_of, sheets_of
from registers.sorting import natural_key

_CLAUSE_WORDS = ("condition", "commitment", "clause", "schedule")
# Above its header a register may have a title and a few notes.
HEADER_WITHIN = 20
# Cells of so many characters are remembered, which bounds the memory that they take.
REMEMBERED = 40
_NEEDED = tuple(column.field for column in COLUMNS if column.needed)
_DATES = tuple(column.field for column in COLUMNS if column.read is values.day)


class Register:
    """A register's file: what its columns are called, and its rows, which are read one by one.

    Args:
        file: CSV or XLSX, open for reading.
        sheet: of a workbook; the one that looks most like a register if empty.

    Raises:
        NotARegister: the file is neither, or has no header.
    """

    def __init__(self, file: BinaryIO, sheet: str = "") -> None:
        self._file = file
        self.sheets = sheets_of(file)
        self.sheet = sheet or max(self.sheets, key=self._likeness, default="")
        lines = list(islice(lines_of(file, self.sheet), HEADER_WITHIN))
        if not lines:
            raise NotARegister("it is empty: export the register again")
        self._header_line, header = max(lines, key=lambda line: _likeness(line[1]))
        if _likeness(header) < 2:
            self._header_line, header = lines[0]
        self.names = _distinct(header)

    @property
    def fingerprint(self) -> str:
        """By which files with the same header are known again."""
        return hashlib.sha256(json.dumps(self.names).encode()).hexdigest()

    def guess(self, *, boldly: bool = False) -> dict[str, str]:
        """Return which column is which field, or empty for one that is to be kept under its name.

        Args:
            boldly: also take a column for what its name is merely like, for a person to confirm.
        """
        known = {name: find(name) for name in self.names}
        taken = {column.field for column in known.values() if column}
        guessed = {}
        for name, column in known.items():
            like = likely(name) if boldly and column is None else None
            meant = like if like and like.field not in taken else column
            guessed[name] = meant.field if meant else ""
            taken.add(guessed[name])
        return guessed

    def rows(
        self, *, today: date, issued: Mapping[str, date], columns: Mapping[str, str] | None = None
    ) -> Iterator[Row]:
        """Yield each row; blank lines are passed over, and the file is never held as a whole.

        Args:
            today: the day from which far-away dates are told from typing errors.
            issued: the same for each mechanism whose issue date is known, by the natural key of its reference.
            columns: which column is which field; as `guess` says if None.

        Raises:
            NotARegister: a needed column is missing, two are the same, the file is damaged, or it holds no row.
        """
        fields = self.guess() if columns is None else columns
        header = [(name, BY_FIELD.get(fields.get(name, ""))) for name in self.names]
        _check_header(header)
        self._file.seek(0)
        reader = _Reader(header, today, issued)
        found = False
        for number, cells in lines_of(self._file, self.sheet):
            if number > self._header_line:
                found = True
                yield reader.row(number, cells)
        if not found:
            raise NotARegister("there is no row below its header: export the register again")

    def _likeness(self, sheet: str) -> int:
        lines = islice(lines_of(self._file, sheet), HEADER_WITHIN)
        return max((_likeness(cells) for _, cells in lines), default=0)


def _likeness(cells: list[str]) -> int:
    return sum(find(cell) is not None for cell in cells)


def _check_header(header: list[tuple[str, Column | None]]) -> None:
    fields = [column.field for _, column in header if column]
    missing = [column.names[0] for column in COLUMNS if column.needed and column.field not in fields]
    if missing:
        hint = "separate its columns with commas" if len(header) == 1 else "name it so in the first line"
        raise NotARegister(f"not a register, it has no column {', '.join(missing)}: {hint}")
    for _, column in header:
        if column and fields.count(column.field) > 1:
            raise NotARegister(f"two columns both hold the {column.names[0]}: rename or remove one")


class _Reader:
    """One pass over a file."""

    def __init__(self, header: list[tuple[str, Column | None]], today: date, issued: Mapping[str, date]) -> None:
        self.header = header
        self.today = today
        self.issued = issued
        self.names = {column.field: name for name, column in header if column}
        self.kept: set[str] = set()

    def row(self, line: int, cells: list[str]) -> Row:
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
        row.cells[column.field] = cell
        if isinstance(cell, Cell) and not _fits(row, column, cell):
            return
        read = _understand if isinstance(cell, Cell) or len(cell) > REMEMBERED else _understand_again
        try:
            value, notes = read(column.read, cell)
        except values.Refused as refusal:
            row.refuse(column.field, refusal.problem, refusal.remedy)
        else:
            row.values[column.field] = value
            for note in notes:
                row.warn(column.field, note, value)

    def _keep(self, row: Row, name: str, cell: str) -> None:
        # An empty cell is kept too: it empties what an earlier import brought.
        literal, name = unmark(cell, values.text_changes), extra_name(name)
        row.extra[name] = literal if literal is not None else cell if cell.strip() else ""
        if row.extra[name] and name not in self.kept:
            self.kept.add(name)
            message = "no field is known for this column: its cells are kept with each obligation, under this name"
            row.findings.append(Finding(name, message, read=cell, stored=cell))

    def _check(self, row: Row) -> None:
        """Look at what a cell alone does not tell."""
        read = row.values
        for name in _NEEDED:
            if read.get(name) == "":
                row.refuse(name, "it is empty", "every obligation needs one")
        issued = self.issued.get(natural_key(read.get("mechanism", "")))
        for name in _DATES:
            if read.get(name):
                try:
                    values.check_year(read[name], self.today, *([issued] if issued else []))
                except values.Refused as refusal:
                    row.refuse(name, refusal.problem, refusal.remedy)
        _compare(row)


def _understand(reader: Reader, cell: str) -> tuple[Any, list[str]]:
    """Return the value of a cell and what there is to say of it."""
    notes: list[str] = []
    return reader(cell, notes.append), notes


# Most of a register's cells are the same few words and dates.
_understand_again = lru_cache(maxsize=4096)(_understand)


def _fits(row: Row, column: Column, cell: Cell) -> bool:
    """Refuse what a spreadsheet made of a text; whether the cell is to be read."""
    if cell.kind is Kind.ERROR and cell.casefold() != "#n/a":
        row.refuse(column.field, "its formula gives an error", "write the value, or put the formula right")
        return False
    names = column.changes is values.label_changes
    if names and cell.kind is Kind.DAY:
        row.refuse(
            column.field,
            "the spreadsheet took it for a date",
            "format the column as text and write it again, such as 6-2",
        )
        return False
    if names and cell.kind is Kind.NUMBER and "." in cell:
        row.warn(column.field, "the spreadsheet holds a number, which has no zeros at its end: 1.1 may be 1.10", cell)
    return True


def _compare(row: Row) -> None:
    """Warn of what is unusual; it is stored as it stands."""
    read = row.values
    number = read.get("number", "")
    word = number.split(" ")[0].lower()
    if meant := _misspelt(word):
        row.warn("number", f"{word!r} looks like {meant!r} misspelt", number)
    if read.get("status") == "completed" and not read.get("close_out_date"):
        row.warn(
            "close_out_date", "completed, but without a close-out date: its due date, or else today, stands for it"
        )
    if read.get("status") not in {"completed", None} and read.get("close_out_date"):
        row.warn(
            "status", "there is a close-out date, which is left out: it is not completed", row.cells.get("status", "")
        )
    for thing in ("recurring", "inspection"):
        frequency = read.get(f"{thing}_frequency")
        if read.get(thing) and frequency == "":
            row.warn(f"{thing}_frequency", "it recurs, but how often is not said")
        if read.get(thing) is False and frequency:
            row.warn(thing, f"a frequency is given ({row.cells[f'{thing}_frequency']}), yet this says no", False)


@lru_cache(maxsize=1024)
def _misspelt(word: str) -> str:
    """Return the clause's word that was meant, or nothing if it is one, or no such word at all."""
    if not word.isalpha():
        return ""
    meant = get_close_matches(word, _CLAUSE_WORDS, n=1, cutoff=0.85)
    return meant[0] if meant and word.rstrip("s") != meant[0] else ""


def _distinct(header: list[str]) -> list[str]:
    """Name the columns so that no two share a name: what a file leaves unnamed or names twice is kept as well."""
    names: list[str] = []
    for number, written in enumerate(header, start=1):
        # The name of an extra field is kept letter by letter.
        name = written if written.startswith(EXTRA) else written.strip() or f"column {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return names
