"""An import's outcome: row by row as CSV, and in a few lines for the person who ran it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Protocol

from registers.importing.literal import mark

from obligations.importing.results import Outcome, Result, Totals

HEADER = ("line", "number", "mechanism", "result", "column", "read", "before", "stored", "message", "remedy")
# Kinds of finding that a summary shows; a badly broken file has thousands.
SHOWN = 25
_OF_A_FINDING = ("column", "read", "before", "stored", "message", "remedy")


class Writes(Protocol):
    """What takes text: a file, or what sends it on."""

    def write(self, text: str, /) -> Any: ...


class Report:
    """A CSV file with a line for every finding, and one for every row in which nothing was found.

    Args:
        file: where it is written; `line` counts the imported file's lines, where the row begins.
    """

    def __init__(self, file: Writes) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(HEADER)

    def add(self, outcome: Outcome) -> None:
        """Write what became of a row."""
        cells = outcome.row.cells
        findings = [asdict(finding) for finding in outcome.row.findings]
        self.write(outcome.row.line, cells.get("number", ""), cells.get("mechanism", ""), outcome.result, findings)

    def write(self, line: int, number: str, mechanism: str, result: str, findings: list[dict[str, str]]) -> None:
        """Write the lines of a row."""
        for finding in findings or [dict.fromkeys(_OF_A_FINDING, "")]:
            what = [number, mechanism, Result(result).label, *(finding[name] for name in _OF_A_FINDING)]
            # The file quotes what other people wrote, and is opened in a spreadsheet.
            self._writer.writerow([line, *(mark(cell, lambda _: False) for cell in what)])


def summary(totals: Totals) -> Iterator[str]:
    """Yield the totals, then why rows were refused and what was noted, the most frequent first."""
    for result in Result:
        if totals.counts[result]:
            yield f"{totals.counts[result]:>6}  {result.label}"
    if totals.refusals:
        yield "Refused, and not in the register; correct the file and import it again:"
        yield from _most_frequent(totals.refusals)
    if totals.warnings:
        yield "Noted:"
        yield from _most_frequent(totals.warnings)


def _most_frequent(findings: Counter[str]) -> Iterator[str]:
    for finding, number in findings.most_common(SHOWN):
        yield f"{number:>6}  {finding}"
    if len(findings) > SHOWN:
        yield f"{'…':>6}  and {len(findings) - SHOWN} other findings, in the report"
