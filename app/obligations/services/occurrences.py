"""What happens to one occurrence: each act is one transaction, one permission and one event in the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import Entry, changing, differences, record
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from obligations.models import OPEN_STATES, Basis, Extension, Obligation, Occurrence, RecurrenceRule
from obligations.recurrence.rule import slot_after
from obligations.services.authorising import require
from obligations.services.materialise import (
    Surroundings,
    materialise,
    next_sequence,
    occurrence_of,
)
from obligations.services.projection import project_occurrences
from obligations.services.reading_rules import rule_of
from obligations.states import Lifecycle, OccurrenceState, Result

RECORDED = (
    "state",
    "assigned_to",
    "due_date",
    "target_date",
    "result",
    "completed_on",
    "submitted_on",
    "cancelled_for",
    "note",
)


class StaleOccurrence(Exception):
    """Somebody saved since the page was opened; `current` is what is stored now."""

    def __init__(self, current: Occurrence) -> None:
        super().__init__(f"{current} was changed to version {current.version}")
        self.current = current


@contextmanager
def _act(
    actor: User, occurrence: Occurrence, expected_version: int, *, permission: str, action: str, reason: str = ""
) -> Iterator[Occurrence]:
    """Give the stored occurrence to change; then save it, bring its obligation up to date, and record the change."""
    with changing(occurrence.project.organisation):
        rows = Occurrence.objects.select_for_update(of=("self",)).select_related(
            "obligation__mechanism", "obligation__project__organisation", "project", "assigned_to"
        )
        current = rows.get(pk=occurrence.pk)
        require(actor, permission, current.obligation, current)
        if current.version != expected_version:
            raise StaleOccurrence(current)
        before = copy(current)
        yield current
        current.touched = True
        current.version += 1
        current.save()
        project_occurrences([current.obligation_id])
        record(
            current.project.organisation,
            actor,
            Entry(
                action,
                current,
                current.project_id,
                topic=current.obligation,
                changes=differences(before, current, RECORDED),
                reason=reason,
            ),
        )


def occurrence_assign(
    *, actor: User, occurrence: Occurrence, assigned_to: User | None, expected_version: int
) -> Occurrence:
    """Give the occurrence to somebody of the project, or to nobody in particular.

    Raises:
        ValidationError: it is done, or the person does not belong to the project.
    """
    with _act(
        actor, occurrence, expected_version, permission="obligation.change", action="occurrence.assign"
    ) as current:
        _unfinished(current)
        if assigned_to and not current.project.people().filter(pk=assigned_to.pk).exists():
            raise ValidationError(f"{assigned_to} does not belong to {current.project}: choose one of its people.")
        current.assigned_to = assigned_to
    return current


def occurrence_start(*, actor: User, occurrence: Occurrence, expected_version: int) -> Occurrence:
    """Say that somebody is working on it."""
    with _act(
        actor, occurrence, expected_version, permission="occurrence.update", action="occurrence.start"
    ) as current:
        if current.state not in {OccurrenceState.SCHEDULED, OccurrenceState.OPEN}:
            raise ValidationError(f"It is {current.get_state_display().lower()} already.")
        current.state = OccurrenceState.IN_PROGRESS
    return current


def occurrence_stop(*, actor: User, occurrence: Occurrence, expected_version: int) -> Occurrence:
    """Take back that somebody is working on it."""
    with _act(actor, occurrence, expected_version, permission="occurrence.update", action="occurrence.stop") as current:
        if current.state != OccurrenceState.IN_PROGRESS:
            raise ValidationError("Nobody is working on it.")
        current.state = OccurrenceState.OPEN
    return current


def occurrence_submit(
    *, actor: User, occurrence: Occurrence, completed_on: date, result: str, note: str, expected_version: int
) -> Occurrence:
    """Hand it in for review: what was done, when, and with which outcome in the submitter's eyes."""
    with _act(
        actor, occurrence, expected_version, permission="occurrence.submit", action="occurrence.submit", reason=note
    ) as current:
        _unfinished(current)
        _completed(current, completed_on, result)
        current.state = OccurrenceState.SUBMITTED
        current.note = note
        current.submitted_on = current.project.today
        current.submitted_by = actor
        current.four_eyes = current.obligation.project.organisation.four_eyes
    return current


def occurrence_return(*, actor: User, occurrence: Occurrence, reason: str, expected_version: int) -> Occurrence:
    """Hand a submitted occurrence back to be worked on again."""
    with _act(
        actor, occurrence, expected_version, permission="occurrence.close", action="occurrence.return", reason=reason
    ) as current:
        _because(reason)
        if current.state != OccurrenceState.SUBMITTED:
            raise ValidationError("Only what was submitted for review can be returned.")
        current.state = OccurrenceState.IN_PROGRESS
        _take_back(current)
    return current


def occurrence_close(
    *, actor: User, occurrence: Occurrence, completed_on: date, result: str, note: str, expected_version: int
) -> Occurrence:
    """Sign it off with its outcome. It changes no other occurrence; the next one that the rule names is there.

    Raises:
        ValidationError: it is done, the day or the outcome is missing, or somebody else has to close it.
    """
    with changing(occurrence.project.organisation):
        with _act(
            actor, occurrence, expected_version, permission="occurrence.close", action="occurrence.close", reason=note
        ) as current:
            _unfinished(current, also=OccurrenceState.SUBMITTED)
            if barred := why_not_close(actor, current):
                raise ValidationError(barred)
            _completed(current, completed_on, result)
            current.four_eyes = _needs_two(current)
            current.state = OccurrenceState.CLOSED
            current.note = note
            current.closed_at, current.closed_by = timezone.now(), actor
        materialise(Obligation.objects.filter(pk=current.obligation_id), current.project.today)
    return current


def why_not_close(actor: User, occurrence: Occurrence) -> str:
    """Return why somebody who may close occurrences may not close this one; empty if nothing is in the way.

    An organisation that asks for four eyes has each occurrence submitted by one person and closed by another.
    """
    if not _needs_two(occurrence):
        return ""
    if occurrence.state != OccurrenceState.SUBMITTED:
        return "Two people sign here: submit it for review, and somebody else closes it."
    if occurrence.submitted_by_id == actor.pk:
        return "Two people sign here: you submitted it, so somebody else closes it."
    # Such as one that was submitted in the system from which the register came.
    unnamed = "Two people sign here, and nobody is named as who submitted it: return it."
    return "" if occurrence.submitted_by_id else unnamed


def occurrence_reopen(*, actor: User, occurrence: Occurrence, reason: str, expected_version: int) -> Occurrence:
    """Take back a closing or a cancellation.

    Raises:
        ValidationError: no reason is given, or it is not done.
    """
    with _act(
        actor, occurrence, expected_version, permission="occurrence.reopen", action="occurrence.reopen", reason=reason
    ) as current:
        _because(reason)
        if not current.is_done:
            raise ValidationError("It is not closed or cancelled.")
        current.state = OccurrenceState.IN_PROGRESS if current.completed_on else OccurrenceState.OPEN
        current.result = current.cancelled_for = ""
        current.completed_on = current.closed_at = current.closed_by = None
        _take_back(current)
        _withdraw_successor(current)
    return current


def occurrence_extend(
    *,
    actor: User,
    occurrence: Occurrence,
    new_date: date,
    granted_by: str,
    reference: str,
    reason: str,
    expected_version: int,
) -> Occurrence:
    """Record more time that somebody entitled to it granted; the date before it is kept.

    Raises:
        ValidationError: it has no due date, the new one is not later, or it is not said who granted it and where.
    """
    with _act(
        actor, occurrence, expected_version, permission="occurrence.extend", action="occurrence.extend", reason=reason
    ) as current:
        _unfinished(current, also=OccurrenceState.SUBMITTED)
        _because(reason)
        if not granted_by or not reference:
            raise ValidationError("Say who granted the extension, and the reference of the letter or email.")
        if current.due_date is None or new_date <= current.due_date:
            raise ValidationError({"new_date": "Give a date after the present due date."})
        Extension.objects.create(
            occurrence=current,
            previous_date=current.due_date,
            new_date=new_date,
            granted_by=granted_by,
            reference=reference,
            reason=reason,
            recorded_by=actor,
        )
        current.due_date = new_date
    return current


def occurrence_snooze(
    *, actor: User, occurrence: Occurrence, target_date: date | None, expected_version: int
) -> Occurrence:
    """Set the day that people aim for. It moves no due date, and passes neither it nor the next occurrence.

    Raises:
        ValidationError: the day is later than that.
    """
    with _act(
        actor, occurrence, expected_version, permission="occurrence.update", action="occurrence.snooze"
    ) as current:
        _unfinished(current)
        if target_date and current.due_date and target_date > current.due_date:
            raise ValidationError({"target_date": f"Give a date no later than the due date, {_on(current.due_date)}."})
        later = current.obligation.occurrences.filter(sequence__gt=current.sequence, due_date__isnull=False)
        following = later.order_by("sequence").first()
        if target_date and following and following.due_date and target_date >= following.due_date:
            text = f"Give a date before the next occurrence, {_on(following.due_date)}."
            raise ValidationError({"target_date": text})
        current.target_date = target_date
    return current


def occurrence_cancel(*, actor: User, occurrence: Occurrence, reason: str, expected_version: int) -> Occurrence:
    """Say that it need not be done, and why."""
    with _act(
        actor, occurrence, expected_version, permission="occurrence.cancel", action="occurrence.cancel", reason=reason
    ) as current:
        _because(reason)
        _unfinished(current, also=OccurrenceState.SUBMITTED)
        current.state = OccurrenceState.CANCELLED
        current.cancelled_for = reason
    return current


def occurrence_trigger(*, actor: User, obligation: Obligation, on: date, what: str) -> Occurrence:
    """Record that the event happened from which the obligation's due date is counted.

    Raises:
        ValidationError: the obligation waits for no event, or the day lies in the future.
    """
    require(actor, "occurrence.update", obligation)
    with changing(obligation.project.organisation):
        rule = RecurrenceRule.objects.select_for_update().filter(obligation=obligation).first()
        if rule is None or rule.basis not in {Basis.EVENT, Basis.AS_REQUIRED} or rule.milestone_id:
            raise ValidationError("This obligation waits for no event: change its recurrence first.")
        if obligation.lifecycle != Lifecycle.ACTIVE:
            raise ValidationError(f"The obligation is {obligation.get_lifecycle_display().lower()}.")
        if on > obligation.project.today:
            raise ValidationError({"on": "Give the day on which it happened, not one to come."})
        sequence = next_sequence(obligation)
        slot = slot_after(rule_of(rule, obligation.mechanism), Surroundings(obligation.project).calendar, on, sequence)
        occurrence = occurrence_of(obligation, sequence, slot)
        if rule.basis == Basis.AS_REQUIRED:
            occurrence.nominal_date = occurrence.due_date = None
        occurrence.triggered_on, occurrence.trigger = on, what[:255]
        occurrence.state, occurrence.touched = OccurrenceState.OPEN, True
        occurrence.save()
        project_occurrences([obligation.pk])
        changes: dict[str, tuple[Any, Any]] = {"triggered_on": (None, on), "due_date": (None, occurrence.due_date)}
        entry = Entry("occurrence.trigger", occurrence, obligation.project_id, obligation, changes, what)
        record(obligation.project.organisation, actor, entry)
    return occurrence


def _needs_two(occurrence: Occurrence) -> bool:
    """Return whether its closing takes a second person: as it was when it was submitted, or as it is now."""
    return occurrence.four_eyes or occurrence.obligation.project.organisation.four_eyes


def _take_back(occurrence: Occurrence) -> None:
    occurrence.submitted_on = occurrence.submitted_by = None
    occurrence.four_eyes = False


def _unfinished(occurrence: Occurrence, *, also: str = "") -> None:
    if occurrence.state not in OPEN_STATES and occurrence.state != also:
        state = occurrence.get_state_display().lower()
        raise ValidationError(f"It is {state}: reopen it before it is changed.")


def _completed(occurrence: Occurrence, completed_on: date, result: str) -> None:
    if completed_on > occurrence.project.today:
        raise ValidationError({"completed_on": "Give the day on which it was done, not one to come."})
    if result not in Result.values:
        raise ValidationError({"result": "Choose the outcome."})
    occurrence.completed_on, occurrence.result = completed_on, result


def _because(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the reason is kept in the record."})


def _withdraw_successor(occurrence: Occurrence) -> None:
    """Remove the occurrence that only the closing brought about, unless somebody has worked on it."""
    counted = Q(obligation__rule__basis=Basis.AFTER_COMPLETION, sequence__gt=occurrence.sequence)
    waiting = Q(touched=False, state__in=[OccurrenceState.SCHEDULED, OccurrenceState.OPEN])
    for one in occurrence.obligation.occurrences.filter(counted & waiting):
        one.delete()


def _on(day: date) -> str:
    return f"{day:%-d %B %Y}"
