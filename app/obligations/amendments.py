"""What a new version of a mechanism does to its conditions, their obligations and what is open of those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import models
from registers.models import Condition, Mechanism

from obligations.models import OPEN_STATES, Obligation, Occurrence


class Fate(models.TextChoices):
    """What a new version does to a condition."""

    KEEP = "keep", "Continues unchanged"
    REWORD = "reword", "Continues with new words"
    END = "end", "Ends"


@dataclass(frozen=True)
class Decision:
    """A condition's fate, with its number, heading and words from then on if they change."""

    fate: str
    number: str = ""
    heading: str = ""
    text: str = ""


@dataclass(frozen=True)
class NewCondition:
    """A condition that the version brings; `parent` is the key of the current one under which it stands."""

    number: str
    heading: str = ""
    text: str = ""
    parent: int | None = None


@dataclass(frozen=True)
class Amendment:
    """A new version before it is published. Conditions without a decision continue unchanged."""

    label: str
    effective_on: date
    summary: str = ""
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    new: tuple[NewCondition, ...] = ()


@dataclass
class Effect:
    """What an amendment does to one obligation."""

    obligation: Obligation
    new_words: bool = False
    own_words: bool = False
    stays: list[Occurrence] = field(default_factory=list)
    cancelled: list[Occurrence] = field(default_factory=list)
    retires: bool = False


@dataclass
class Outcome:
    """What an amendment does to one condition."""

    condition: Condition
    decision: Decision
    effects: list[Effect]


def current_conditions(mechanism: Mechanism) -> list[Condition]:
    """Return the conditions in force, each after the one that it stands under."""
    rows = list(mechanism.conditions.filter(ended_on=None).order_by("sort_key", "pk"))
    below: dict[int | None, list[Condition]] = {}
    known = {row.pk for row in rows}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    ordered: list[Condition] = []
    waiting = below.get(None, [])[::-1]
    while waiting:
        row = waiting.pop()
        ordered.append(row)
        waiting += below.get(row.pk, [])[::-1]
    return ordered


def seal_of(mechanism: Mechanism) -> str:
    """Return a seal of the mechanism's conditions and newest version, by which a decision knows what it is about."""
    version = mechanism.versions.first()
    said = [[row.pk, row.parent_id, row.number, row.heading, row.text] for row in current_conditions(mechanism)]
    return hashlib.sha256(json.dumps([version.pk if version else 0, said]).encode()).hexdigest()[:32]


def amendment_outcomes(mechanism: Mechanism, amendment: Amendment, on: date) -> list[Outcome]:
    """Return what publishing the amendment would do to conditions that do not continue unchanged.

    Args:
        mechanism: whose new version it is.
        amendment: what was decided.
        on: the project's day.

    Raises:
        ValidationError: the decisions do not go together.
    """
    conditions = current_conditions(mechanism)
    _check(mechanism, conditions, amendment)
    touched = [row for row in conditions if _fate(amendment, row) != Fate.KEEP]
    obligations = (
        Obligation.objects.filter(condition__in=touched).select_related("mechanism", "project").order_by("condition_id")
    )
    unfinished = Occurrence.objects.filter(obligation__condition__in=touched).unfinished().select_related("obligation")
    by_obligation: dict[int, list[Occurrence]] = {}
    for one in unfinished.order_by("due_date", "sequence"):
        by_obligation.setdefault(one.obligation_id, []).append(one)
    by_condition = {key: list(rows) for key, rows in groupby(obligations, key=lambda row: row.condition_id)}
    return [
        Outcome(
            row,
            decision := amendment.decisions[row.pk],
            [
                _goes_on(row, decision, one, by_obligation.get(one.pk, []))
                if decision.fate == Fate.REWORD
                else _ends(one, by_obligation.get(one.pk, []), amendment.effective_on, on)
                for one in sorted(by_condition.get(row.pk, []), key=lambda one: one.sort_key)
            ],
        )
        for row in touched
    ]


def _fate(amendment: Amendment, condition: Condition) -> str:
    decision = amendment.decisions.get(condition.pk)
    return decision.fate if decision else Fate.KEEP


def _check(mechanism: Mechanism, conditions: list[Condition], amendment: Amendment) -> None:
    """See that the decisions go together: with the versions before, with the tree, and with each other's numbers."""
    wrong: list[str] = []
    last = mechanism.versions.first()
    issued = last.effective_on if last else mechanism.issued or mechanism.effective
    if issued is None:
        wrong.append(f"Record first when {mechanism} was issued: its first version dates from that day.")
    elif amendment.effective_on < issued:
        wrong.append(f"It takes effect before {last or 'the issue'} of {issued:%-d %B %Y}: give a later day.")
    by_key = {row.pk: row for row in conditions}
    numbers: list[str] = []
    for row in conditions:
        decision = amendment.decisions.get(row.pk, Decision(Fate.KEEP))
        above = by_key.get(row.parent_id or 0)
        if decision.fate == Fate.END:
            continue
        if above and _fate(amendment, above) == Fate.END:
            wrong.append(f"Condition {above.number} ends but {row.number} below it goes on: end it too, or move it.")
        if decision.fate == Fate.REWORD and _same(row, decision):
            wrong.append(f"Condition {row.number} is to go on with new words: change them, or let it go on unchanged.")
        numbers.append(decision.number or row.number if decision.fate == Fate.REWORD else row.number)
    for new in amendment.new:
        numbers.append(new.number)
        above = by_key.get(new.parent or 0)
        if new.parent and (above is None or _fate(amendment, above) == Fate.END):
            wrong.append(f"The new condition {new.number} stands under one that ends: choose another place.")
    doubled = sorted({number for number in numbers if numbers.count(number) > 1})
    wrong += [f"There would be two conditions {number}: give one another number." for number in doubled]
    if wrong:
        raise ValidationError(wrong)


def _same(row: Condition, decision: Decision) -> bool:
    return (row.number, row.heading, row.text) == (decision.number or row.number, decision.heading, decision.text)


def _goes_on(condition: Condition, decision: Decision, obligation: Obligation, unfinished: list[Occurrence]) -> Effect:
    quoted = " ".join(obligation.requirement.split()) == " ".join(condition.text.split())
    new = bool(decision.text.strip()) and decision.text != condition.text
    return Effect(obligation, new_words=quoted and new, own_words=new and not quoted, stays=unfinished)


def _ends(obligation: Obligation, unfinished: list[Occurrence], effective: date, on: date) -> Effect:
    cancelled = [one for one in unfinished if one.state in OPEN_STATES and _falls(one) >= effective]
    stays = [one for one in unfinished if one not in cancelled]
    return Effect(obligation, stays=stays, cancelled=cancelled, retires=not stays and effective <= on)


def _falls(one: Occurrence) -> date:
    """Return the day on which the occurrence comes up; what has no day always still does."""
    return one.due_date or one.period_start or one.triggered_on or date.max
