"""The regulator's clock counts the days that approvals and Interpretation Acts count."""

from __future__ import annotations

from datetime import date

import pytest
from registers.models import DayCount, Mechanism

from obligations.clock import Clock, Notice, notification_due, usual_notice
from obligations.models import NonCompliance, Unit
from obligations.recurrence.calendar import Calendar
from obligations.states import State

AWARE = date(2026, 11, 2)  # a Monday
EXCLUSIVE, INCLUSIVE = DayCount.EXCLUSIVE, DayCount.INCLUSIVE


def row(value: int | None, unit: str = Unit.DAY, count: str = EXCLUSIVE, aware: date = AWARE) -> NonCompliance:
    return NonCompliance(aware_on=aware, notify_value=value, notify_unit=unit, notify_count=count)


@pytest.mark.parametrize(
    ("value", "unit", "count", "due"),
    [
        (21, Unit.DAY, EXCLUSIVE, date(2026, 11, 23)),
        (21, Unit.DAY, INCLUSIVE, date(2026, 11, 22)),
        (7, Unit.DAY, EXCLUSIVE, date(2026, 11, 9)),
        (1, Unit.DAY, INCLUSIVE, AWARE),
        (2, Unit.BUSINESS_DAY, EXCLUSIVE, date(2026, 11, 5)),
        (2, Unit.BUSINESS_DAY, INCLUSIVE, date(2026, 11, 4)),
        (5, Unit.BUSINESS_DAY, EXCLUSIVE, date(2026, 11, 10)),
        (1, Unit.MONTH, EXCLUSIVE, date(2026, 12, 2)),
        (2, Unit.WEEK, INCLUSIVE, date(2026, 11, 15)),
    ],
)
def test_counts_from_the_day_of_becoming_aware(value: int, unit: str, count: str, due: date) -> None:
    melbourne_cup = Calendar([date(2026, 11, 3)])
    assert notification_due(row(value, unit, count), melbourne_cup) == due


def test_a_weekend_does_not_move_a_time_limit_in_calendar_days() -> None:
    assert notification_due(row(5), Calendar()) == date(2026, 11, 7)


def test_no_time_limit_is_no_clock() -> None:
    nothing = row(None)
    assert notification_due(nothing, Calendar()) is None
    assert Clock.of(nothing, AWARE) is None


@pytest.mark.parametrize(
    ("on", "words", "state", "gone"),
    [
        (AWARE, "7 days left", State.UPCOMING, 0),
        (date(2026, 11, 5), "4 days left", State.UPCOMING, 43),
        (date(2026, 11, 6), "3 days left", State.DUE_SOON, 57),
        (date(2026, 11, 8), "1 day left", State.DUE_SOON, 86),
        (date(2026, 11, 9), "Due today", State.DUE_SOON, 100),
        (date(2026, 11, 10), "1 day late", State.OVERDUE, 100),
        (date(2026, 11, 23), "14 days late", State.OVERDUE, 100),
    ],
)
def test_counts_down_in_words_and_shape(on: date, words: str, state: State, gone: int) -> None:
    clock = Clock(AWARE, date(2026, 11, 9), None, runs=True, on=on)
    assert (clock.words, clock.state, clock.percent_gone) == (words, state, gone)


def test_stands_still_once_the_regulator_was_told() -> None:
    in_time = Clock(AWARE, date(2026, 11, 9), date(2026, 11, 9), runs=True, on=date(2027, 1, 1))
    late = Clock(AWARE, date(2026, 11, 9), date(2026, 11, 10), runs=False, on=date(2027, 1, 1))
    assert (in_time.words, in_time.state) == ("Told in time", State.COMPLETED)
    assert (late.words, late.state) == ("Told 1 day late", State.OVERDUE)


def test_is_no_longer_needed_when_it_was_no_departure() -> None:
    clock = Clock(AWARE, date(2026, 11, 9), None, runs=False, on=date(2027, 1, 1))
    assert (clock.words, clock.state) == ("No longer needed", State.NO_DATE)


def test_suggests_what_the_kind_of_approval_commonly_asks_for() -> None:
    statement = Mechanism(kind=Mechanism.Kind.MINISTERIAL_STATEMENT)
    plan = Mechanism(kind=Mechanism.Kind.MANAGEMENT_PLAN, parent=statement)
    licence = Mechanism(kind=Mechanism.Kind.EPL)
    assert usual_notice(statement) == usual_notice(plan) == Notice(7, Unit.DAY, EXCLUSIVE)
    assert usual_notice(licence) == Notice(21, Unit.DAY, INCLUSIVE)
    assert usual_notice(Mechanism(kind=Mechanism.Kind.CLEARING_PERMIT)) is None
