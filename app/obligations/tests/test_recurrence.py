"""When obligations fall due: the vectors of the domain description, and what must hold for every rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import assume, given
from hypothesis import strategies as st

from obligations.recurrence.calendar import Calendar, last_of_month
from obligations.recurrence.rule import Lag, Rule, Slot, slot_after, slots
from obligations.recurrence.words import describe

PLAIN = Calendar()


def day(text: str) -> date:
    return date.fromisoformat(text)


def first(rule: Rule, number: int, calendar: Calendar = PLAIN) -> list[Slot]:
    return list(islice(slots(rule, calendar), number))


def dues(rule: Rule, number: int, calendar: Calendar = PLAIN) -> list[str]:
    return [str(slot.due) for slot in first(rule, number, calendar)]


def fixed(anchor: str, interval: int = 1, unit: str = "month", **fields: object) -> Rule:
    return replace(Rule("fixed", day(anchor), interval, unit), **fields)  # type: ignore[arg-type]  # any field


# --- Dates from the anchor --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (fixed("2027-01-31"), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        (fixed("2024-02-29", 12), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        (fixed("2024-02-29", 1, "year"), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        (fixed("2026-08-31", 6), ["2026-08-31", "2027-02-28", "2027-08-31", "2028-02-29"]),
        (fixed("2026-06-30", 3, eom=True), ["2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31", "2027-06-30"]),
        (fixed("2026-06-30", 3), ["2026-06-30", "2026-09-30", "2026-12-30", "2027-03-30", "2027-06-30"]),
        (fixed("2026-12-30", 1, "day"), ["2026-12-30", "2026-12-31", "2027-01-01"]),
        (fixed("2026-12-23", 2, "week"), ["2026-12-23", "2027-01-06", "2027-01-20"]),
        (
            fixed("2026-11-23", 1, "week", weekdays=("MO", "TH")),
            ["2026-11-23", "2026-11-26", "2026-11-30", "2026-12-03"],
        ),
        (fixed("2026-11-01", weekdays=("TU",), nth_weekday=1), ["2026-11-03", "2026-12-01", "2027-01-05"]),
        (fixed("2026-11-25", weekdays=("FR",), nth_weekday=-1), ["2026-11-27", "2026-12-25", "2027-01-29"]),
        (fixed("2026-11-15", 3, weekdays=("MO",), nth_weekday=1), ["2027-02-01", "2027-05-03"]),
        (fixed("2026-01-31", months=(3, 6, 9)), ["2026-03-31", "2026-06-30", "2026-09-30", "2027-03-31"]),
        (fixed("2026-11-23", 1, "week", end_count=2), ["2026-11-23", "2026-11-30"]),
        (fixed("2026-11-23", 1, "week", end_date=day("2026-12-07")), ["2026-11-23", "2026-11-30", "2026-12-07"]),
        (Rule("one_off", day("2025-12-12")), ["2025-12-12"]),
        (Rule("as_required"), []),
        (Rule("event", lag=Lag(28)), []),
    ],
)
def test_dates_are_counted_from_the_first_one(rule: Rule, expected: list[str]) -> None:
    found = dues(rule, len(expected) + (rule.end_count or rule.end_date is not None or rule.basis != "fixed"))
    assert found == expected


# --- Period and lag ---------------------------------------------------------------------------------------------------
CAR = fixed("2026-03-11", 12, lag=Lag(3, "month", from_anniversary=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (CAR, [("2025-03-12", "2026-03-11", "2026-06-12"), ("2026-03-12", "2027-03-11", "2027-06-12")]),
        (replace(CAR, lag=Lag(3, "month")), [("2025-03-12", "2026-03-11", "2026-06-11")]),
        (
            fixed("2026-11-19", 12, lag=Lag(3, "month", from_anniversary=True)),
            [("2025-11-20", "2026-11-19", "2027-02-20"), ("2026-11-20", "2027-11-19", "2028-02-20")],
        ),
        (fixed("2026-06-30", 12, lag=Lag(60)), [("2025-07-01", "2026-06-30", "2026-08-29")]),
        (fixed("2026-06-30", 12, lag=Lag(month=9, day=17)), [("2025-07-01", "2026-06-30", "2026-09-17")]),
        (fixed("2026-12-31", 12, lag=Lag(month=3, day=31)), [("2026-01-01", "2026-12-31", "2027-03-31")]),
        (
            fixed("2026-06-30", 3, eom=True, lag=Lag(1, "month")),
            [("2026-04-01", "2026-06-30", "2026-07-30"), ("2026-07-01", "2026-09-30", "2026-10-30")],
        ),
    ],
)
def test_a_report_covers_a_period_and_is_due_after_it(rule: Rule, expected: list[tuple[str, str, str]]) -> None:
    found = [(str(one.period_start), str(one.period_end), str(one.due)) for one in first(rule, len(expected))]
    assert found == expected


# --- Counting days ----------------------------------------------------------------------------------------------------
PERTH = Calendar([day("2026-12-25"), day("2026-12-28"), day("2027-01-01")])


@pytest.mark.parametrize(
    ("start", "value", "unit", "inclusive", "expected"),
    [
        ("2026-11-02", 21, "day", False, "2026-11-23"),
        ("2026-11-02", 21, "day", True, "2026-11-22"),
        ("2026-11-02", 0, "day", True, "2026-11-02"),
        ("2026-12-23", 5, "business_day", False, "2027-01-04"),
        ("2026-12-23", 5, "business_day", True, "2026-12-31"),
        ("2026-12-26", 1, "business_day", True, "2026-12-29"),
        ("2026-12-29", -1, "business_day", False, "2026-12-24"),
        ("2027-03-31", -1, "month", False, "2027-02-28"),
        ("2026-11-02", 2, "week", True, "2026-11-15"),
        ("2028-02-29", 1, "year", False, "2029-02-28"),
    ],
)
def test_days_are_counted_as_the_acts_say(start: str, value: int, unit: str, inclusive: bool, expected: str) -> None:
    assert str(PERTH.add(day(start), value, unit, inclusive=inclusive)) == expected


def test_what_happens_brings_its_own_date() -> None:
    changed_contact = Rule("event", lag=Lag(28))
    assert slot_after(changed_contact, PLAIN, day("2026-02-01"), 4) == Slot(4, day("2026-03-01"), day("2026-03-01"))
    survey = Rule("event", lag=Lag(-1, "month"))
    assert slot_after(survey, PLAIN, day("2027-03-31"), 0).due == day("2027-02-28")
    refresher = Rule("after_completion", interval=6, unit="month")
    assert slot_after(refresher, PLAIN, day("2026-08-31"), 1).due == day("2027-02-28")


def test_the_roll_shows_both_dates_and_never_moves_the_sequence() -> None:
    rolled = first(fixed("2027-01-31", roll_policy="next_business_day"), 2)
    assert [(str(one.nominal), str(one.due)) for one in rolled] == [
        ("2027-01-31", "2027-02-01"),
        ("2027-02-28", "2027-03-01"),
    ]
    assert str(PERTH.roll(day("2026-12-26"), "next_business_day")) == "2026-12-29"
    assert str(PERTH.roll(day("2026-12-26"), "previous_business_day")) == "2026-12-24"
    assert PERTH.roll(day("2026-12-26"), "none") == day("2026-12-26")


def test_what_is_continuous_is_assessed_once_a_period() -> None:
    one, two = first(Rule("continuous", day("2025-03-12"), 12), 2)
    assert (one.due, str(one.period_start), str(one.period_end)) == (None, "2025-03-12", "2026-03-11")
    assert (str(two.period_start), str(two.period_end)) == ("2026-03-12", "2027-03-11")


# --- What holds for every rule ----------------------------------------------------------------------------------------
DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
# Where months end, years turn and leap days fall, more often than chance would have it.
EDGES = st.one_of(
    DAYS,
    DAYS.map(last_of_month),
    st.integers(2000, 2090).map(lambda year: date(year, 12, 31)),
    st.integers(2000, 2090).map(lambda year: last_of_month(date(year, 2, 1))),
)
RULES = st.builds(
    Rule,
    basis=st.just("fixed"),
    anchor=EDGES,
    interval=st.integers(1, 36),
    unit=st.sampled_from(["day", "week", "month", "year"]),
    roll_policy=st.sampled_from(["none", "next_business_day", "previous_business_day"]),
)


@given(RULES, st.integers(0, 60))
def test_no_date_drifts(rule: Rule, number: int) -> None:
    assume(not (rule.unit == "year" and rule.interval * number > 5_000))
    found = next(islice(slots(rule, PLAIN), number, None))
    assert rule.anchor
    steps = {"day": "days", "week": "weeks", "month": "months", "year": "years"}
    assert found.nominal == rule.anchor + relativedelta(**{steps[rule.unit]: rule.interval * number})  # type: ignore[arg-type]  # a key of the table


@given(EDGES, st.integers(1, 24))
def test_the_last_day_of_a_month_stays_the_last(anchor: date, interval: int) -> None:
    rule = Rule("fixed", anchor, interval, "month", eom=True)
    for slot in first(rule, 30):
        assert slot.nominal
        assert (slot.nominal + timedelta(days=1)).day == 1


@given(RULES, st.lists(DAYS, max_size=20))
def test_dates_rise_and_are_rolled_to_the_nearest_business_day(rule: Rule, holidays: list[date]) -> None:
    calendar = Calendar(holidays)
    found = first(rule, 20, calendar)
    assert _rises(slot.nominal for slot in found if slot.nominal)
    for slot in found:
        assert slot.nominal
        assert slot.due
        between = abs((slot.due - slot.nominal).days)
        passed = [slot.nominal + timedelta(days=n if slot.due > slot.nominal else -n) for n in range(between)]
        assert not any(calendar.is_business_day(one) for one in passed)
        assert rule.roll_policy == "none" or calendar.is_business_day(slot.due)


@given(EDGES, st.sampled_from([1, 2, 3, 4, 6, 12]), st.booleans())
def test_periods_follow_each_other_without_gap(anchor: date, interval: int, eom: bool) -> None:
    rule = Rule("fixed", last_of_month(anchor) if eom else anchor, interval, eom=eom, lag=Lag(1, "month"))
    found = first(rule, 12)
    for one, two in pairwise(found):
        assert one.period_end
        assert two.period_start == one.period_end + timedelta(days=1)


@given(DAYS, st.integers(1, 60), st.lists(DAYS, max_size=10))
def test_counting_business_days_there_and_back(start: date, number: int, holidays: list[date]) -> None:
    calendar = Calendar(holidays)
    start = calendar.roll(start, "next_business_day")
    there = calendar.add(start, number, "business_day")
    assert calendar.is_business_day(there)
    assert calendar.add(there, -number, "business_day") == start


def test_the_calendars_last_years_end_the_sequence_rather_than_break_it() -> None:
    assert len(first(fixed("9990-01-31", 12), 50)) < 50


def _rises(days: Iterable[date]) -> bool:
    listed = list(days)
    return all(one < two for one, two in pairwise(listed))


# --- In words ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "event", "words"),
    [
        (Rule("one_off", day("2025-12-12")), "", "Once, on 12 December 2025"),
        (fixed("2026-06-30", 3, eom=True), "", "Every three months on the last day of the month"),
        (fixed("2026-11-23", 1, "week", weekdays=("MO", "TH")), "", "Every week on Monday and Thursday"),
        (fixed("2026-11-01", weekdays=("TU",), nth_weekday=1), "", "Every month on the first Tuesday"),
        (fixed("2026-01-15", months=(3, 9)), "", "Every month from 15 January 2026 in March, September"),
        (CAR, "", "Every year, for the period to 11 March each time, due 3 months after its anniversary"),
        (
            fixed("2026-06-30", 12, lag=Lag(month=9, day=17)),
            "",
            "Every year, for the period to 30 June each time, due on 17 September after it",
        ),
        (fixed("2026-11-23", 5, "day", end_count=3), "", "Every 5 days from 23 November 2026, 3 times"),
        (Rule("event", lag=Lag(-1, "month")), "Stage 2 clearing", "1 month before Stage 2 clearing"),
        (Rule("event", lag=Lag(5, "business_day")), "", "5 business days after the event"),
        (Rule("phase_start"), "", "On the start of its phase"),
        (Rule("after_completion", interval=6), "", "6 months after it was last done"),
        (Rule("continuous", day("2025-03-12"), 12), "", "All the time, assessed every year"),
        (Rule("as_required"), "", "As required, without a date"),
    ],
)
def test_a_rule_reads_as_people_say_it(rule: Rule, event: str, words: str) -> None:
    assert describe(rule, event) == words
