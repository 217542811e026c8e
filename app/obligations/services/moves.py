"""What a change of something that many obligations depend on did to their dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from obligations.querysets import ObligationQuerySet
from obligations.services.materialise import RuleChange, rematerialise_all


@dataclass
class Moves:
    """How many due dates moved, came and went, and of how many obligations."""

    obligations: int = 0
    moved: int = 0
    added: int = 0
    removed: int = 0

    def add(self, change: RuleChange) -> None:
        """Count what became of one obligation's dates."""
        if change:
            self.obligations += 1
            self.moved += len(change.moved)
            self.added += len(change.added)
            self.removed += len(change.removed)

    def __iadd__(self, other: Moves) -> Moves:
        self.obligations += other.obligations
        self.moved += other.moved
        self.added += other.added
        self.removed += other.removed
        return self

    def __str__(self) -> str:
        if not self.obligations:
            return "No due date moved."
        counted = ((self.moved, "moved"), (self.added, "came"), (self.removed, "went"))
        said = [f"{number} {verb}" for number, verb in counted if number]
        return f"Due dates of {self.obligations} obligation{'s' * (self.obligations != 1)}: {', '.join(said)}."


def follow(obligations: ObligationQuerySet, on: date, *, since: date | None = None) -> Moves:
    """Bring the occurrences of all these obligations that have a rule in line with it.

    Args:
        obligations: whose occurrences; of one project.
        on: the project's day.
        since: what fell due before it stays in any case; `on` if None.
    """
    moves = Moves()
    for change in rematerialise_all(obligations.filter(rule__isnull=False), on, since=since):
        moves.add(change)
    return moves
