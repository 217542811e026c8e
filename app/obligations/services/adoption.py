"""Giving obligations from a register, which knows one date and one word, their rule and their first occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from config.db.inserting import insert_many
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from obligations.models import Basis, Obligation, Occurrence, RecurrenceRule, Unit
from obligations.recurrence.words import EVENTS, SEQUENCES
from obligations.services.materialise import Surroundings, missing, wanted_slots
from obligations.services.projection import project_occurrences, standing
from obligations.states import OccurrenceState, Result, Status

STATES = {
    Status.NOT_STARTED: OccurrenceState.SCHEDULED,
    Status.IN_PROGRESS: OccurrenceState.IN_PROGRESS,
    Status.SUBMITTED: OccurrenceState.SUBMITTED,
    Status.COMPLETED: OccurrenceState.CLOSED,
}


def rule_in_register(obligation: Obligation) -> RecurrenceRule:
    """Return the rule that the register's words mean, unsaved: a word that is no sequence never becomes one."""
    word, due = obligation.recurring_frequency, obligation.action_due_date
    rule = RecurrenceRule(obligation=obligation, anchor_date=due)
    if word in SEQUENCES and due:
        rule.basis = Basis.FIXED
        rule.interval, rule.unit = SEQUENCES[word]
    elif word in EVENTS:
        rule.basis, rule.event = Basis.EVENT, EVENTS[word]
        rule.lag_value, rule.lag_unit = 0, Unit.DAY
    elif due:
        rule.basis = Basis.ONE_OFF
    else:
        rule.basis = Basis.AS_REQUIRED
    return rule


def adopt(obligations: Iterable[Obligation], rules: Mapping[int, RecurrenceRule] | None = None) -> int:
    """Give each obligation that has no rule the rule and the occurrences that its register's words say.

    Args:
        obligations: saved, with their project and mechanism at hand.
        rules: by the obligation's key, unsaved, for registers that say more than a word.

    Returns:
        how many occurrences were created.
    """
    batch = list(obligations)
    prefetch_related_objects(batch, "suspensions")
    projects = {obligation.project_id: obligation.project for obligation in batch}
    surroundings = {key: Surroundings(project) for key, project in projects.items()}
    today = {key: project.today for key, project in projects.items()}
    stated_rules, new_rules, occurrences, otherwise = rules or {}, [], [], []
    for obligation in batch:
        here = surroundings[obligation.project_id]
        obligation.rule = stated_rules.get(obligation.pk) or rule_in_register(obligation)
        new_rules.append(obligation.rule)
        first = _first(obligation, here)
        stated = [first] if first else []
        if first and obligation.pk in stated_rules:
            _begin_with(first, obligation, here)
        named = missing(obligation, here, on=today[obligation.project_id], present=stated)
        occurrences += stated + named
        stands = (obligation.action_due_date, obligation.status, obligation.close_out_date)
        if standing(stated + named) != stands:
            otherwise.append(obligation.pk)
    with transaction.atomic():
        insert_many(new_rules)
        insert_many(occurrences)
        project_occurrences(otherwise)
    return len(occurrences)


def _begin_with(first: Occurrence, obligation: Obligation, around: Surroundings) -> None:
    """Let the sequence begin with the date that the row states: what lies before it is not in the file."""
    if first.nominal_date is None:
        return
    slots = wanted_slots(obligation.rule, obligation, around, on=max(obligation.project.today, first.nominal_date))
    same = next((slot for slot in slots if first.nominal_date in {slot.nominal, slot.due}), None)
    if same and same.nominal:
        first.sequence, first.nominal_date, first.due_date = same.number, same.nominal, same.due
        first.period_start, first.period_end = same.period_start, same.period_end
    obligation.rule.effective_from = first.nominal_date


def _first(obligation: Obligation, around: Surroundings) -> Occurrence | None:
    """Return the occurrence of which the register's row speaks, unsaved; none if it says neither when nor how far."""
    due, status = obligation.action_due_date, obligation.status
    if due is None and status == Status.NOT_STARTED:
        return None
    first = Occurrence(
        project_id=obligation.project_id,
        obligation=obligation,
        sequence=0,
        nominal_date=due,
        due_date=around.calendar.roll(due, obligation.mechanism.roll_policy) if due else None,
        state=STATES[Status(status)],
        touched=status != Status.NOT_STARTED,
    )
    today = obligation.project.today
    if status == Status.COMPLETED:
        first.result = Result.COMPLIANT
        first.completed_on = obligation.close_out_date or min(due or today, today)
        first.closed_at = timezone.now()
    elif status == Status.SUBMITTED:
        first.submitted_on = first.completed_on = min(due or date.max, today)
    return first
