"""How well an obligation was met in a period: the worst of what happened in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import Q
from obligations.models import NonCompliance, Obligation, Occurrence
from obligations.states import Compliance, Lifecycle, OccurrenceState, Result, Status

# Beside the words of Compliance: a requirement that ends, and has been met.
COMPLETED = "completed"
FEW = 3
WORST_FIRST = [choice.value for choice in Compliance]


class Period(NamedTuple):
    """The days from `start` to `end`, both within it, as looked at on `today`, the project's day."""

    start: date
    end: date
    today: date

    def has(self, day: date | None) -> bool:
        return day is not None and self.start <= day <= self.end


class Finding(NamedTuple):
    """A word of Compliance, or COMPLETED, and why."""

    value: str
    reason: str


def in_period(period: Period) -> Q:
    """Return the condition for the occurrences that a report over the period speaks of.

    What fell due in it, what was late before it and was done in it or is not done yet, and of what has no due date
    what was triggered or done in it, or is assessed for a time that ends in it or holds all of it.
    """
    days = (period.start, period.end)
    late = Q(due_date__lt=period.start) & (Q(completed_on__range=days) | ~Q(state=OccurrenceState.CLOSED))
    assessed = Q(period_end__range=days) | Q(period_start__lte=period.start, period_end__gte=period.end)
    undated = Q(due_date=None) & (Q(triggered_on__range=days) | Q(completed_on__range=days) | assessed)
    return (Q(due_date__range=days) | late | undated) & ~Q(state=OccurrenceState.CANCELLED)


def concerns(row: NonCompliance, period: Period) -> bool:
    """Return whether a non-compliance happened, went on or became known in the period."""
    if row.status == NonCompliance.Status.DISMISSED:
        return False
    first = row.occurred_from or row.aware_on
    last = period.today if row.is_continuing else row.occurred_to or first
    return period.has(row.aware_on) or (first <= period.end and last >= period.start)


def finding(
    obligation: Obligation,
    occurrences: Iterable[Occurrence],
    non_compliances: Iterable[NonCompliance],
    last: Occurrence | None,
    period: Period,
) -> Finding:
    """Return how well the obligation was met in the period.

    Args:
        obligation: which one.
        occurrences: its occurrences in the period.
        non_compliances: those with it in the period.
        last: its occurrence that was completed last, whenever that was.
        period: the reporting period.
    """
    if obligation.compliance_override and period.has(period.today):
        return Finding(obligation.compliance_override, f"Judged so: {obligation.compliance_override_reason}")
    found = [Finding(row.kind, f"{row.reference}: {row.title}.") for row in non_compliances]
    found += [_of(one, period.today) for one in occurrences]
    if not found:
        return _of_none(obligation, last)
    worst = min((one.value for one in found), key=WORST_FIRST.index)
    reasons = _together([one.reason for one in found if one.value == worst])
    if worst == Compliance.COMPLIANT and _is_finite(obligation):
        return Finding(COMPLETED, reasons)
    return Finding(worst, reasons)


def _of(one: Occurrence, today: date) -> Finding:
    if one.state == OccurrenceState.CLOSED:
        if one.result == Result.NOT_TRIGGERED:
            return Finding(Compliance.NOT_REQUIRED, "Not triggered.")
        return Finding(one.result, f"Found {Result(one.result).label.lower()} on {one.completed_on:%-d %B %Y}.")
    if one.is_overdue(today):
        return Finding(Compliance.POTENTIALLY_NON_COMPLIANT, f"Due on {one.due_date:%-d %B %Y}; not shown to be done.")
    if one.state == OccurrenceState.SUBMITTED:
        return Finding(Compliance.IN_PROCESS, "Submitted, and yet to be reviewed.")
    return Finding(Compliance.IN_PROCESS, f"Due on {one.due_date:%-d %B %Y}." if one.due_date else "Under way.")


def _together(reasons: list[str]) -> str:
    """Return reasons as a report has room for: a weekly inspection has fifty."""
    different = list(dict.fromkeys(reasons))
    if len(different) <= FEW:
        return " ".join(different)
    return f"{different[0]} … {different[-1]} ({len(different)} in all)"


def _of_none(obligation: Obligation, last: Occurrence | None) -> Finding:
    if _is_finite(obligation) and last is not None and last.completed_on and last.result == Result.COMPLIANT:
        return Finding(COMPLETED, f"Done on {last.completed_on:%-d %B %Y}.")
    if obligation.lifecycle != Lifecycle.ACTIVE:
        return Finding(Compliance.NOT_REQUIRED, f"The obligation is {obligation.get_lifecycle_display().lower()}.")
    return Finding(Compliance.NOT_REQUIRED, "Nothing made it fall due in the period.")


def _is_finite(obligation: Obligation) -> bool:
    """Return whether it is done once and for all."""
    return obligation.status == Status.COMPLETED and not obligation.recurring
