"""A row as it was understood, and what was found on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any


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
