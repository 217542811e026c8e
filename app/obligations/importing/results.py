"""What becomes of a row, and how many rows end how."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from registers.importing.rows import Row


class Result(models.TextChoices):
    """What becomes of a row."""

    ACCEPTED = "accepted", "accepted"
    WARNED = "warned", "accepted with a warning"
    UPDATED = "updated", "updated"
    UNCHANGED = "unchanged", "unchanged"
    REFUSED = "refused", "refused"


# What a batch that is accepted brings into the register.
WRITTEN = (Result.ACCEPTED, Result.WARNED, Result.UPDATED)


@dataclass(frozen=True)
class Outcome:
    """A row, what becomes of it, and what it changes: field -> (before, after)."""

    row: Row
    result: Result
    changes: dict[str, Any] = field(default_factory=dict)
    obligation_id: int | None = None
    version: int | None = None


@dataclass
class Totals:
    """How many rows ended how, and what was found in them."""

    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.counts.total()

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.result.value] += 1
        for finding in outcome.row.findings:
            (self.refusals if finding.remedy else self.warnings)[str(finding)] += 1
