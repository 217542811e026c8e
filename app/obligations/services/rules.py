"""Changing when an obligation falls due."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import Entry, changing, differences, record
from django.core.exceptions import ValidationError

from obligations.models import Basis, Obligation, RecurrenceRule, Unit
from obligations.recurrence.words import describe
from obligations.services.authorising import require
from obligations.services.materialise import RuleChange, next_sequence, rematerialise
from obligations.services.reading_rules import event_of, rule_of

FIELDS = (
    "basis",
    "anchor_date",
    "interval",
    "unit",
    "eom",
    "weekdays",
    "nth_weekday",
    "months",
    "lag_value",
    "lag_unit",
    "lag_base",
    "lag_month",
    "lag_day",
    "milestone",
    "event",
    "end",
    "end_date",
    "end_count",
    "roll_policy",
    "day_count",
)


def rule_in_words(obligation: Obligation) -> str:
    """Return the obligation's rule in a sentence; empty when it has none."""
    rule = RecurrenceRule.objects.filter(obligation=obligation).select_related("milestone").first()
    return describe(rule_of(rule, obligation.mechanism), event_of(rule)) if rule else ""


def rule_set(
    *, actor: User, obligation: Obligation, values: Mapping[str, Any], reason: str = "", since: date | None = None
) -> RuleChange:
    """Give the obligation its rule, or another one, and bring its occurrences in line.

    Occurrences that people worked on stay; of the others those that fall due on or after `since` are made anew.

    Args:
        actor: who changes it; needs `obligation.change`.
        obligation: whose rule.
        values: fields of RecurrenceRule; those not given take their defaults.
        reason: why, for the record.
        since: the day from which the rule holds; today on site if None.

    Raises:
        PermissionDenied: the actor may not change obligations here.
        ValidationError: the rule makes no sense; nothing was written.
    """
    require(actor, "obligation.change", obligation)
    with changing(obligation.project.organisation):
        before, rule, change = rule_put(obligation, values, since=since)
        if before and not differences(before, rule, FIELDS):
            return change
        record(
            obligation.project.organisation,
            actor,
            Entry(
                "rule.set",
                obligation,
                obligation.project_id,
                changes={
                    **_said(before, rule),
                    "removed dates": (change.removed, []),
                    "added dates": ([], change.added),
                },
                reason=reason,
            ),
        )
    return change


def rule_put(
    obligation: Obligation, values: Mapping[str, Any], *, since: date | None = None
) -> tuple[RecurrenceRule | None, RecurrenceRule, RuleChange]:
    """Store a rule and bring the occurrences in line, inside the transaction of a caller that records it.

    Returns:
        the rule as it was, as it is, and what became of the dates; nothing is written for the same rule again.

    Raises:
        ValidationError: the rule makes no sense.
    """
    today = obligation.project.today
    stored = RecurrenceRule.objects.select_for_update().filter(obligation=obligation).first()
    before = copy(stored) if stored else None
    rule = RecurrenceRule(pk=stored.pk if stored else None, obligation=obligation, **values)
    rule_check(rule)
    if before and not differences(before, rule, FIELDS):
        return before, rule, RuleChange()
    # One date is a mistake to correct rather than a history to keep.
    since = date.min if before and before.basis == Basis.ONE_OFF else since or today
    rule.sequence_from = next_sequence(obligation)
    stands = obligation.occurrences.filter(due_date__lt=since).exists() or _touched(obligation)
    rule.effective_from = since if stands and since > date.min else None
    rule.save()
    return before, rule, rematerialise(obligation, today, since=since)


def rule_check(rule: RecurrenceRule) -> None:
    """Refuse a rule that makes no sense.

    Raises:
        ValidationError: by field, what is missing or does not go together.
    """
    problems: dict[str, str] = {}
    sequence = rule.basis in {Basis.FIXED, Basis.AFTER_COMPLETION, Basis.CONTINUOUS}
    if rule.basis in {Basis.ONE_OFF, Basis.FIXED} and not rule.anchor_date:
        problems["anchor_date"] = "Give the first date: all others are counted from it."
    if sequence and rule.interval < 1:
        problems["interval"] = "Give a number of 1 or more."
    if rule.basis == Basis.FIXED and rule.nth_weekday and not rule.weekdays:
        problems["weekdays"] = "Choose the weekday of which this is the first, second, … in the month."
    if rule.nth_weekday and rule.unit not in {Unit.MONTH, Unit.YEAR}:
        problems["unit"] = "Choose months or years: weeks have each weekday once."
    if rule.eom and rule.unit not in {Unit.MONTH, Unit.YEAR}:
        problems["eom"] = "The last day of the month goes with months or years."
    if rule.basis == Basis.FIXED and rule.unit == Unit.BUSINESS_DAY and (rule.weekdays or rule.months):
        problems["unit"] = "Choose days or weeks: business days already leave out weekends."
    if bool(rule.lag_month) != bool(rule.lag_day):
        problems["lag_day"] = "Give both the month and the day, or neither."
    if rule.end == "date" and not rule.end_date:
        problems["end_date"] = "Give the last date."
    if rule.end == "count" and not rule.end_count:
        problems["end_count"] = "Give how many times."
    if problems:
        raise ValidationError(problems)
    rule.full_clean(exclude=["obligation"], validate_unique=False)


def _touched(obligation: Obligation) -> bool:
    return obligation.occurrences.exclude(touched=False, state__in=["scheduled", "open"]).exists()


def _said(before: RecurrenceRule | None, after: RecurrenceRule) -> dict[str, tuple[Any, Any]]:
    """Return what the rule said and says now, in words and field by field."""
    mechanism = after.obligation.mechanism
    words = {"rule": (_words(before, mechanism) if before else "", _words(after, mechanism))}
    return words | (differences(before, after, FIELDS) if before else {})


def _words(rule: RecurrenceRule, mechanism: Any) -> str:
    return describe(rule_of(rule, mechanism), event_of(rule))
