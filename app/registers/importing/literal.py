"""Texts that a spreadsheet would run as a formula, or that reading a register would change.

An export puts an apostrophe before them, as people do in a spreadsheet, and reading takes it away again: only where the
rest needs it, so that a text that begins with an apostrophe of its own keeps that.
"""

from __future__ import annotations

from collections.abc import Callable

MARK = "'"
# Source: OWASP, CSV Injection. The last four are the wide forms of the first, which count in some versions of Excel.
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

Changes = Callable[[str], bool]


def mark(text: str, changes: Changes, *, formulas: bool = True) -> str:
    """Return the text as a cell that means exactly that.

    Args:
        text: what is stored.
        changes: whether reading the text as a plain cell would change it.
        formulas: whether the file's format has no other way to say that a cell is text.
    """
    needed = _needs(text, changes) if formulas else changes(text) or _marked(text, changes)
    return MARK + text if needed else text


def unmark(cell: str, changes: Changes) -> str | None:
    """Return the text that a marked cell means; None for any other cell."""
    return cell[1:] if _marked(cell, changes) else None


def _marked(cell: str, changes: Changes) -> bool:
    return cell.startswith(MARK) and _needs(cell[1:], changes)


def _needs(text: str, changes: Changes) -> bool:
    # What the marks stand before decides, however many there are: a cell may be nothing but apostrophes.
    bare = text.lstrip(MARK)
    return bare.startswith(FORMULA) or changes(bare) or changes(text)
