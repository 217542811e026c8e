"""An import's outcome: row by row as CSV, and in a few lines for the person who ran it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from registers.importing.reading import Finding

from obligations.register_import import Outcome, Result, Totals

HEADER = ("line", "number", "mechanism", "result", "column", "read", "before", "stored", "message", "remedy")
# Kinds of finding that a summary shows; a badly broken file has thousands.
SHOWN = 25
_NOTHING_FOUND = Finding("", "")


class Report:
    """A CSV file with a line for every finding, and one for every row in which nothing was found.

    Args:
        file: where it is written; `line` counts the imported file's lines, where the row begins.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(HEADER)

    def add(self, outcome: Outcome) -> None:
        row, label = outcome.row, outcome.result.label
        number, mechanism = row.cells.get("number", ""), row.cells.get("mechanism", "")
        for finding in row.findings or [_NOTHING_FOUND]:
            what = (finding.column, finding.read, finding.before, finding.stored, finding.message, finding.remedy)
            self._writer.writerow((row.line, number, mechanism, label, *what))


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
