"""A stored rule as the engine computes with it."""

from __future__ import annotations

from registers.models import DayCount, Mechanism

from obligations.models import Basis, End, LagBase, RecurrenceRule
from obligations.recurrence.rule import Lag, Rule


def rule_of(stored: RecurrenceRule, mechanism: Mechanism) -> Rule:
    """Return the rule with what it leaves to its mechanism: expiry, roll and counting of days."""
    return Rule(
        basis=stored.basis,
        anchor=stored.anchor_date,
        interval=stored.interval,
        unit=stored.unit,
        eom=stored.eom,
        weekdays=tuple(name for name in stored.weekdays.split(",") if name),
        nth_weekday=stored.nth_weekday,
        months=tuple(int(number) for number in stored.months.split(",") if number),
        lag=_lag(stored),
        end_date={End.DATE: stored.end_date, End.EXPIRY: mechanism.expires}.get(End(stored.end)),
        end_count=stored.end_count if stored.end == End.COUNT else None,
        roll_policy=stored.roll_policy or mechanism.roll_policy,
        inclusive=(stored.day_count or mechanism.day_count) == DayCount.INCLUSIVE,
    )


def event_of(stored: RecurrenceRule) -> str:
    """Return what the rule counts from, in words: its milestone or its event."""
    return str(stored.milestone) if stored.milestone else stored.event


def _lag(stored: RecurrenceRule) -> Lag | None:
    if stored.basis not in {Basis.FIXED, Basis.EVENT, Basis.PHASE_START}:
        return None
    if stored.lag_month and stored.lag_day:
        return Lag(month=stored.lag_month, day=stored.lag_day)
    if stored.lag_value is None:
        return None
    return Lag(
        value=stored.lag_value,
        unit=stored.lag_unit or "day",
        from_anniversary=stored.lag_base == LagBase.ANNIVERSARY,
    )
