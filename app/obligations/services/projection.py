"""What an obligation's occurrences say, kept with the obligation so that a register of any length sorts by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from itertools import groupby
from typing import NamedTuple

from obligations.models import DONE_STATES, Obligation, Occurrence
from obligations.states import Lifecycle, OccurrenceState, Status

BATCH = 500


class Standing(NamedTuple):
    """The three fields of an obligation that its occurrences decide."""

    action_due_date: date | None
    status: str
    close_out_date: date | None


def standing(occurrences: Iterable[Occurrence]) -> Standing:
    """Return how an obligation stands that has these occurrences.

    It falls due with the earliest that is not done. It is completed when none is left to do and one was closed.
    """
    everything = list(occurrences)
    unfinished = [one for one in everything if one.state not in DONE_STATES]
    if unfinished:
        current = min(unfinished, key=lambda one: (one.due_date or date.max, one.sequence))
        return Standing(current.due_date, _status(current), None)
    closed = [one for one in everything if one.state == OccurrenceState.CLOSED]
    if closed:
        last = max(closed, key=lambda one: (one.due_date or date.min, one.sequence))
        return Standing(last.due_date, Status.COMPLETED, last.completed_on)
    return Standing(None, Status.NOT_STARTED, None)


def project_occurrences(obligations: Collection[int]) -> None:
    """Bring the obligations with these keys up to date with their occurrences; call it after each change of those."""
    keys = list(obligations)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        rows = Occurrence.objects.filter(obligation__in=batch).order_by("obligation_id")
        by_obligation = {key: standing(group) for key, group in groupby(rows, key=lambda one: one.obligation_id)}
        changed = []
        for obligation in Obligation.objects.filter(pk__in=batch):
            stands = by_obligation.get(obligation.pk, standing(()))
            if obligation.lifecycle == Lifecycle.RETIRED:
                stands = stands._replace(action_due_date=None)
            if stands != Standing(obligation.action_due_date, obligation.status, obligation.close_out_date):
                obligation.action_due_date, obligation.status, obligation.close_out_date = stands
                changed.append(obligation)
        Obligation.objects.bulk_update(changed, Standing._fields)


def _status(current: Occurrence) -> str:
    if current.state == OccurrenceState.SUBMITTED:
        in_time = current.due_date is None or (current.submitted_on or date.max) <= current.due_date
        return Status.SUBMITTED if in_time else Status.IN_PROGRESS
    return Status.IN_PROGRESS if current.state == OccurrenceState.IN_PROGRESS else Status.NOT_STARTED
