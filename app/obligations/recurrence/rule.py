"""When an obligation falls due: the k-th date is counted from the first one, never from the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import count, takewhile
from typing import Literal

from dateutil import rrule
from dateutil.relativedelta import relativedelta

from obligations.recurrence.calendar import DAY, Calendar, in_year, last_of_month

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES: Mapping[str, Literal[0, 1, 2, 3]] = {
    "day": rrule.DAILY,
    "week": rrule.WEEKLY,
    "month": rrule.MONTHLY,
    "year": rrule.YEARLY,
}
FAR = date(MAXYEAR - 1, 12, 31)


@dataclass(frozen=True)
class Lag:
    """How long after the end of a period something is due.

    Either `value` and `unit` from the period's last day, or from the day after it (`from_anniversary`), or the next
    `month` and `day` after the period's last day.
    """

    value: int = 0
    unit: str = "day"
    from_anniversary: bool = False
    month: int | None = None
    day: int | None = None

    def due(self, period_end: date, calendar: Calendar, *, inclusive: bool) -> date:
        """Return the day on which what covers the period is due."""
        if self.month and self.day:
            this_year = in_year(period_end.year, self.month, self.day)
            return this_year if this_year > period_end else in_year(period_end.year + 1, self.month, self.day)
        base = period_end + DAY if self.from_anniversary else period_end
        return calendar.add(base, self.value, self.unit, inclusive=inclusive)


@dataclass(frozen=True)
class Rule:
    """A rule without its database row; `models.RecurrenceRule` describes the fields."""

    basis: str
    anchor: date | None = None
    interval: int = 1
    unit: str = "month"
    eom: bool = False
    weekdays: tuple[str, ...] = ()
    nth_weekday: int | None = None
    months: tuple[int, ...] = ()
    lag: Lag | None = None
    end_date: date | None = None
    end_count: int | None = None
    roll_policy: str = "none"
    inclusive: bool = False


@dataclass(frozen=True)
class Slot:
    """One time that a rule names.

    `number` is its place in the rule's sequence, from 0; `nominal` what the rule says; `due` after the roll. A slot
    without dates covers its period and is due on no day.
    """

    number: int
    nominal: date | None
    due: date | None
    period_start: date | None = None
    period_end: date | None = None


def slots(rule: Rule, calendar: Calendar) -> Iterator[Slot]:
    """Yield the slots of a rule whose dates follow from the rule alone, in order; endless if the rule is.

    That is `one_off`, `fixed` and `continuous`. The dates of the others follow from what happens: see `slot_after`.
    """
    if rule.anchor is None:
        return
    if rule.basis == "one_off":
        yield _slot(rule, calendar, 0, rule.anchor)
    elif rule.basis == "continuous":
        for number, start in _within(rule, _steps(rule, rule.anchor)):
            following = rule.anchor + _step(rule, number + 1)
            yield Slot(number, None, None, start, following - DAY)
    elif rule.basis == "fixed":
        for number, day in _within(rule, _dates(rule, calendar)):
            if rule.lag is None:
                yield _slot(rule, calendar, number, day)
            else:
                slot = _slot(rule, calendar, number, rule.lag.due(day, calendar, inclusive=rule.inclusive))
                yield replace(slot, period_start=_before(rule, day, number) + DAY, period_end=day)


def slot_after(rule: Rule, calendar: Calendar, day: date, number: int) -> Slot:
    """Return the slot that what happened on a day brings about.

    Args:
        rule: `event` and `phase_start` count their lag from the day, `after_completion` its interval.
        calendar: of the project.
        day: of the event, the start of the phase, or the last completion.
        number: the slot's place in the sequence.
    """
    if rule.basis == "after_completion":
        return _slot(rule, calendar, number, calendar.add(day, rule.interval, rule.unit))
    lag = rule.lag or Lag()
    return _slot(rule, calendar, number, calendar.add(day, lag.value, lag.unit, inclusive=rule.inclusive))


def _slot(rule: Rule, calendar: Calendar, number: int, nominal: date) -> Slot:
    return Slot(number, nominal, calendar.roll(nominal, rule.roll_policy))


def _within(rule: Rule, days: Iterator[date]) -> Iterator[tuple[int, date]]:
    last = min(rule.end_date or FAR, FAR)
    numbered = enumerate(takewhile(lambda day: day <= last, days))
    return takewhile(lambda item: rule.end_count is None or item[0] < rule.end_count, numbered)


def _dates(rule: Rule, calendar: Calendar) -> Iterator[date]:
    """Yield the calendar sequence from the anchor."""
    assert rule.anchor is not None  # noqa: S101 - for the type checker: `slots` has looked
    if rule.unit == "business_day":
        first = calendar.roll(rule.anchor, "next_business_day")
        return (calendar.add(first, k * rule.interval, "business_day") for k in count())
    if rule.weekdays:
        return _by_weekday(rule, rule.anchor)
    days = _steps(rule, rule.anchor)
    return (day for day in days if not rule.months or day.month in rule.months)


def _steps(rule: Rule, anchor: date) -> Iterator[date]:
    try:
        for k in count():
            day = anchor + _step(rule, k)
            yield last_of_month(day) if rule.eom else day
    except (OverflowError, ValueError):
        return  # the calendar's last year


def _step(rule: Rule, times: int) -> relativedelta | timedelta:
    number = rule.interval * times
    if rule.unit == "day":
        return timedelta(days=number)
    if rule.unit == "week":
        return timedelta(weeks=number)
    return relativedelta(years=number) if rule.unit == "year" else relativedelta(months=number)


def _by_weekday(rule: Rule, anchor: date) -> Iterator[date]:
    days = [rrule.weekday(WEEKDAYS.index(name)) for name in rule.weekdays]
    if rule.nth_weekday:
        days = [day(rule.nth_weekday) for day in days]
    # Every n-th month counts from the anchor's month, so the sequence starts at that month's first day.
    whole_months = rule.nth_weekday is not None and rule.unit in {"month", "year"}
    series = rrule.rrule(
        FREQUENCIES[rule.unit],
        interval=rule.interval,
        dtstart=datetime.combine(anchor.replace(day=1) if whole_months else anchor, datetime.min.time()),
        byweekday=days,
        bymonth=rule.months or (anchor.month if rule.unit == "year" else None),
    )
    return (moment.date() for moment in series if moment.date() >= anchor)


def _before(rule: Rule, period_end: date, number: int) -> date:
    """Return the end of the period before the one that ends on that day."""
    if rule.weekdays or rule.months or rule.unit == "business_day" or rule.anchor is None:
        day = period_end - _step(rule, 1)
    else:
        day = rule.anchor + _step(rule, number - 1)
    return last_of_month(day) if rule.eom else day
