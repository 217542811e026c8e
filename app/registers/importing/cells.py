"""What both kinds of file have in common: lines of cells."""

from __future__ import annotations

from enum import Enum

# The number of the file's line or row, from 1, and its cells.
Line = tuple[int, list[str]]


class NotARegister(Exception):
    """The file as a whole cannot be read; the message is one line with its remedy."""


class Kind(Enum):
    """What a spreadsheet holds where a text was meant."""

    NUMBER = "number"
    DAY = "date"
    ERROR = "error"


class Cell(str):
    """A cell that the spreadsheet does not hold as text."""

    __slots__ = ("kind",)

    kind: Kind

    def __new__(cls, text: str, kind: Kind) -> Cell:
        cell = super().__new__(cls, text)
        cell.kind = kind
        return cell
