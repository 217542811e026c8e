"""Counting days the way approvals and Interpretation Acts do."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
SATURDAY = 5


def last_of_month(day: date) -> date:
    """Return the last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def in_year(year: int, month: int, day: int) -> date:
    """Return the month and day in that year; a day that the month lacks is its last."""
    return date(year, month, min(day, monthrange(year, month)[1]))


class Calendar:
    """The days of a place: weekends and its public holidays are no business days."""

    def __init__(self, holidays: Iterable[date] = ()) -> None:
        self.holidays = frozenset(holidays)

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays

    def roll(self, day: date, policy: str) -> date:
        """Move a day that is no business day: `next_business_day`, `previous_business_day`, or `none` at all."""
        step = {"next_business_day": DAY, "previous_business_day": -DAY}.get(policy)
        while step and not self.is_business_day(day):
            day += step
        return day

    def add(self, day: date, value: int, unit: str, *, inclusive: bool = False) -> date:
        """Count from a day.

        Args:
            day: the day of the event.
            value: how many units; before the event if negative.
            unit: `day`, `business_day`, `week`, `month` or `year`. A month ends on the day of the same number, or on
                its last if it has no such day.
            inclusive: whether the day of the event is day 1. By default it is not counted (Interpretation Act 1984
                (WA) s 61(1)(b); Interpretation Act 1987 (NSW) s 36(1)).
        """
        back = DAY if value > 0 else -DAY if value < 0 else timedelta()
        if unit == "business_day":
            return self._business_days(day - back if inclusive else day, value)
        step = {
            "day": relativedelta(days=value),
            "week": relativedelta(weeks=value),
            "month": relativedelta(months=value),
            "year": relativedelta(years=value),
        }[unit]
        end = day + step
        return end - back if inclusive else end

    def _business_days(self, day: date, value: int) -> date:
        step = DAY if value >= 0 else -DAY
        for _ in range(abs(value)):
            day += step
            while not self.is_business_day(day):
                day += step
        return day
