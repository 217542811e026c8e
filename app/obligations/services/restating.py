"""What a row of a register says of an obligation that is there: a statement about the occurrence due on its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from obligations.models import Basis, Obligation, Occurrence, RecurrenceRule
from obligations.services.adoption import STATES, rule_in_register
from obligations.services.materialise import materialise, next_sequence, rematerialise
from obligations.services.projection import project_occurrences
from obligations.services.rules import FIELDS, rule_put
from obligations.states import Lifecycle, OccurrenceState, Result, Status

STANDING = ("action_due_date", "status", "close_out_date")
# What an import changes of an occurrence, and so what its undoing puts back.
_KEPT = (
    "state",
    "touched",
    "result",
    "completed_on",
    "submitted_on",
    "submitted_by_id",
    "closed_at",
    "closed_by_id",
    "four_eyes",
)
_RULE_KEPT = (*(name if name != "milestone" else "milestone_id" for name in FIELDS), "sequence_from", "effective_from")
_STATUS = {state: status for status, state in STATES.items()} | {OccurrenceState.OPEN: Status.NOT_STARTED}
# Their dates are counted from the anchor; those of the others from something else.
_ANCHORED = {Basis.ONE_OFF, Basis.FIXED, Basis.AFTER_COMPLETION, Basis.AS_REQUIRED}


@dataclass(frozen=True)
class Said:
    """What a row says: `due` counts only if the row has a date's column, an empty status says nothing."""

    has_due: bool = False
    due: date | None = None
    status: str = ""
    completed_on: date | None = None

    @classmethod
    def by(cls, values: Mapping[str, Any]) -> Said:
        """Return what a row's values say."""
        status = values.get("status", "")
        completed_on = values.get("close_out_date") if status in {"", Status.COMPLETED} else None
        return cls("action_due_date" in values, values.get("action_due_date"), status, completed_on)

    def holds_of(self, obligation: Obligation) -> bool:
        """Return whether the obligation stands so already, as far as its own row tells."""
        return (
            (not self.has_due or self.due == obligation.action_due_date)
            and self.status in {"", obligation.status}
            and self.completed_on in {None, obligation.close_out_date}
        )


@dataclass
class Plan:
    """What would make the statement true: another rule, then an act on the occurrence."""

    rule: dict[str, Any] | None = None
    acts: bool = False
    decides: bool = False
    """Whether it closes or reopens an occurrence, which only some may."""
    note: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Due date, status and close-out date as they are, of the occurrence or else of the obligation."""


def plan(obligation: Obligation, said: Said) -> Plan:
    """Return what would make the statement true; nothing if it is."""
    if said.holds_of(obligation) or obligation.lifecycle == Lifecycle.RETIRED:
        return Plan()
    due = said.due if said.has_due else obligation.action_due_date
    rule = RecurrenceRule.objects.filter(obligation=obligation).first()
    target = _target(obligation, due)
    made = Plan(before=_before(obligation, target, due))
    if target is None and said.has_due:
        made.rule, made.note = _another_rule(obligation, rule, due)
        if made.note:
            return made
    made.acts = not _stands(target, said)
    closes = Status.COMPLETED in {said.status, _STATUS.get(OccurrenceState(target.state)) if target else None}
    made.decides = made.acts and closes
    if target and target.state == OccurrenceState.CANCELLED:
        made.acts = made.decides = False
        made.note = "this occurrence was cancelled here, and stays so"
    return made


def restate(obligation: Obligation, said: Said) -> dict[str, Any]:
    """Make the statement true, inside a transaction of a caller that records it; return what takes it back."""
    made = plan(obligation, said)
    undo: dict[str, Any] = {}
    if made.rule:
        undo |= replace_rule(obligation, made.rule, since=_since(obligation, said.due))
    if made.acts:
        due = said.due if said.has_due else obligation.action_due_date
        target = _target(obligation, due)
        if target is None:
            target = Occurrence(
                project_id=obligation.project_id,
                obligation=obligation,
                sequence=next_sequence(obligation),
                nominal_date=due,
                due_date=due,
            )
            _bring(target, said)
            target.save()
            undo["added"] = target.pk
        else:
            undo["occurrence"] = {"pk": target.pk} | {name: getattr(target, name) for name in _KEPT}
            _bring(target, said)
            target.version += 1
            target.save()
        materialise(Obligation.objects.filter(pk=obligation.pk), obligation.project.today)
    project_occurrences([obligation.pk])
    return undo


def replace_rule(obligation: Obligation, values: Mapping[str, Any], *, since: date | None = None) -> dict[str, Any]:
    """Store another rule, inside a transaction of a caller that records it; return what takes it back."""
    before, rule, _ = rule_put(obligation, values, since=since)
    kept = {name: getattr(before, name) for name in _RULE_KEPT} if before else None
    return {"rule": kept, "from": rule.sequence_from}


def take_back(obligation: Obligation, undo: Mapping[str, Any]) -> None:
    """Put back what `restate` and `replace_rule` changed, inside a transaction of a caller that records it."""
    if "occurrence" in undo:
        was = dict(undo["occurrence"])
        for occurrence in obligation.occurrences.filter(pk=was.pop("pk")):
            for name, value in was.items():
                setattr(occurrence, name, value)
            occurrence.version += 1
            occurrence.save()
    obligation.occurrences.filter(pk__in=[undo[name] for name in ("added",) if name in undo]).delete()
    if "rule" in undo:
        obligation.occurrences.filter(sequence__gte=undo["from"]).delete()
        if undo["rule"] is None:
            RecurrenceRule.objects.filter(obligation=obligation).delete()
        else:
            RecurrenceRule.objects.filter(obligation=obligation).update(**undo["rule"])
            rematerialise(obligation, obligation.project.today)
    project_occurrences([obligation.pk])


def _target(obligation: Obligation, due: date | None) -> Occurrence | None:
    """Return the occurrence of which a row with that date speaks: the nominal date is what registers write."""
    occurrences = list(obligation.occurrences.order_by("sequence"))
    on_day = [one for one in occurrences if due in {one.due_date, one.nominal_date}] if due else []
    if due is None:
        on_day = [one for one in occurrences if one.due_date is None and one.period_start is None]
    return on_day[-1] if on_day else None


def _before(obligation: Obligation, target: Occurrence | None, due: date | None) -> dict[str, Any]:
    if target is None:
        return {name: getattr(obligation, name) for name in STANDING}
    status = _STATUS.get(OccurrenceState(target.state), Status.NOT_STARTED)
    done = target.state == OccurrenceState.CLOSED
    return {"action_due_date": due, "status": status, "close_out_date": target.completed_on if done else None}


def _another_rule(
    obligation: Obligation, rule: RecurrenceRule | None, due: date | None
) -> tuple[dict[str, Any] | None, str]:
    """Return the rule by which the obligation falls due on that day, or why its own rule stays."""
    if rule is None:
        obligation.action_due_date = due
        return rule_fields(rule_in_register(obligation)), ""
    fields = rule_fields(rule)
    if due is None:
        # A single date that is taken away leaves nothing to count from; a sequence goes on.
        once = rule.basis == Basis.ONE_OFF
        return (fields | {"basis": Basis.AS_REQUIRED, "anchor_date": None}, "") if once else (None, "")
    if rule.basis not in _ANCHORED or rule.lag_value is not None or rule.lag_month:
        return None, "its due dates are counted from something else, so this date is not taken: change its recurrence"
    if rule.basis == Basis.AS_REQUIRED:
        fields["basis"] = Basis.ONE_OFF
    return fields | {"anchor_date": due}, ""


def rule_fields(rule: RecurrenceRule) -> dict[str, Any]:
    """Return a rule's fields."""
    return {name: getattr(rule, name) for name in FIELDS}


def rule_by_word(obligation: Obligation, word: str) -> dict[str, Any] | None:
    """Return the rule that another frequency word means; None if a person has made the rule their own."""
    rule = RecurrenceRule.objects.filter(obligation=obligation).first()
    if rule is None:
        return None
    before, due = obligation.recurring_frequency, obligation.action_due_date
    obligation.action_due_date = rule.anchor_date
    try:
        said = rule_fields(rule_in_register(obligation))
        obligation.recurring_frequency = word
        meant = rule_fields(rule_in_register(obligation))
    finally:
        obligation.recurring_frequency, obligation.action_due_date = before, due
    return meant if said == rule_fields(rule) else None


def _since(obligation: Obligation, due: date | None) -> date:
    """Return the day from which untouched occurrences give way to a corrected date."""
    return min(day for day in (obligation.action_due_date, due, obligation.project.today) if day)


def _stands(target: Occurrence | None, said: Said) -> bool:
    if target is None:
        return said.status in {"", Status.NOT_STARTED}
    if said.status and said.status != _STATUS.get(OccurrenceState(target.state)):
        return False
    done = target.state == OccurrenceState.CLOSED
    return not (done and said.completed_on and said.completed_on != target.completed_on)


def _bring(target: Occurrence, said: Said) -> None:
    """Let the occurrence stand as the row says."""
    today = target.project.today
    status = Status(said.status or _STATUS[OccurrenceState(target.state)])
    result = target.result or Result.COMPLIANT
    target.touched = True
    target.result, target.completed_on, target.closed_at, target.closed_by = "", None, None, None
    target.submitted_on = target.submitted_by = None
    target.four_eyes = False
    target.state = STATES[status]
    if status == Status.COMPLETED:
        target.result = result
        target.completed_on = said.completed_on or min(target.due_date or today, today)
        target.closed_at = timezone.now()
    elif status == Status.SUBMITTED:
        target.submitted_on = target.completed_on = min(target.due_date or today, today)
