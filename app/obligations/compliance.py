"""How well an obligation is met: computed from what was found, unless a person has judged otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from obligations.models import NonCompliance, Obligation, Occurrence
from obligations.states import Compliance, Lifecycle, OccurrenceState, Result


class Verdict(NamedTuple):
    """How well an obligation is met, why, and whether a person said so."""

    compliance: Compliance
    reason: str
    judged: bool = False


def verdict(
    obligation: Obligation, last: Occurrence | None, waiting: bool, open_findings: Iterable[NonCompliance], on: date
) -> Verdict:
    """Return how well an obligation is met on a day.

    Args:
        obligation: which one.
        last: its occurrence that was closed last.
        waiting: whether anything of it is still to be done.
        open_findings: its non-compliances that are not resolved.
        on: the project's day.
    """
    if obligation.compliance_override:
        return Verdict(Compliance(obligation.compliance_override), obligation.compliance_override_reason, judged=True)
    findings = list(open_findings)
    for kind, compliance in (
        (NonCompliance.Kind.CONFIRMED, Compliance.NON_COMPLIANT),
        (NonCompliance.Kind.POTENTIAL, Compliance.POTENTIALLY_NON_COMPLIANT),
    ):
        found = [row.reference for row in findings if row.kind == kind]
        if found:
            return Verdict(compliance, f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} not resolved.")
    if obligation.lifecycle != Lifecycle.ACTIVE:
        return Verdict(Compliance.NOT_REQUIRED, f"The obligation is {obligation.get_lifecycle_display().lower()}.")
    if obligation.is_overdue(on):
        return Verdict(Compliance.POTENTIALLY_NON_COMPLIANT, "It was not done by its due date.")
    return _of(last, waiting)


def _of(last: Occurrence | None, waiting: bool) -> Verdict:
    if last is None:
        if waiting:
            return Verdict(Compliance.IN_PROCESS, "It was not due yet.")
        return Verdict(Compliance.NOT_REQUIRED, "Nothing has made it due yet.")
    when = f"when it was last closed{f', on {last.completed_on:%-d %B %Y}' if last.completed_on else ''}"
    if last.result == Result.NOT_TRIGGERED:
        return Verdict(Compliance.NOT_REQUIRED, f"It was not triggered {when}.")
    found = Compliance(last.result)
    return Verdict(found, f"Found {found.label.lower()} {when}.")


def last_closed(occurrences: Iterable[Occurrence]) -> Occurrence | None:
    """Return the occurrence that was completed last of those that are closed."""
    closed = [one for one in occurrences if one.state == OccurrenceState.CLOSED]
    return max(closed, key=lambda one: (one.completed_on or date.min, one.sequence), default=None)
