"""The regulator's clock: by when it has to be told of a non-compliance, and how much of that time is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from registers.models import DayCount, Mechanism

from obligations.models import NonCompliance, Unit
from obligations.recurrence.calendar import Calendar
from obligations.states import State

# A clock with so few days left is shown as pressing.
PRESSING_DAYS = 3


@dataclass(frozen=True)
class Notice:
    """How long there is to tell the regulator, from the day on which one became aware."""

    value: int
    unit: str
    count: str


# What approvals of a kind commonly ask for; the condition itself decides. WA ministerial statements ask for advice of a
# potential non-compliance within 7 days of knowing of it; the NSW EPA for a report within 21 calendar days, of which
# the day of becoming aware is the first (epa.nsw.gov.au, reporting non-compliances, questions and answers).
USUAL = {
    Mechanism.Kind.MINISTERIAL_STATEMENT: Notice(7, Unit.DAY, DayCount.EXCLUSIVE),
    Mechanism.Kind.EPL: Notice(21, Unit.DAY, DayCount.INCLUSIVE),
}


def usual_notice(mechanism: Mechanism) -> Notice | None:
    """Return what a mechanism of that kind commonly asks for; a plan asks for what the approval above it does."""
    own = USUAL.get(Mechanism.Kind(mechanism.kind))
    return own or (usual_notice(mechanism.parent) if mechanism.parent else None)


def notification_due(row: NonCompliance, calendar: Calendar) -> date | None:
    """Return the last day on which the regulator can be told in time; None if there is no limit.

    Args:
        row: whose day of becoming aware and time limit count.
        calendar: the project's, for business days.
    """
    if not row.notify_value or not row.notify_unit:
        return None
    inclusive = row.notify_count == DayCount.INCLUSIVE
    return calendar.add(row.aware_on, row.notify_value, row.notify_unit, inclusive=inclusive)


@dataclass(frozen=True)
class Clock:
    """How one regulator's clock stands on a day.

    Args:
        aware_on: when it started.
        due: the last day in time.
        notified_on: when the regulator was told; None if it has not been.
        runs: whether the regulator still has to be told if it was not.
        on: the project's day.
    """

    aware_on: date
    due: date
    notified_on: date | None
    runs: bool
    on: date

    @classmethod
    def of(cls, row: NonCompliance, on: date) -> Clock | None:
        """Return the clock of a non-compliance; None if it has none."""
        if row.notification_due is None:
            return None
        return cls(row.aware_on, row.notification_due, row.notified_on, row.is_open, on)

    @property
    def days_left(self) -> int:
        """Days from now, or from when the regulator was told, to the last day in time; negative beyond it."""
        return (self.due - (self.notified_on or self.on)).days

    @property
    def is_stopped(self) -> bool:
        return self.notified_on is not None or not self.runs

    @property
    def state(self) -> State:
        """The state whose colour and shape it is shown with."""
        if self.notified_on is None and not self.runs:
            return State.NO_DATE
        if self.days_left < 0:
            return State.OVERDUE
        if self.notified_on is not None:
            return State.COMPLETED
        return State.DUE_SOON if self.days_left <= PRESSING_DAYS else State.UPCOMING

    @property
    def words(self) -> str:
        """Say how it stands: `3 days left`, `Due today`, `2 days late`, `Told in time`, `Told 1 day late`."""
        if self.notified_on is None and not self.runs:
            return "No longer needed"
        late = f"{_days(-self.days_left)} late"
        if self.notified_on is not None:
            return f"Told {late}" if self.days_left < 0 else "Told in time"
        if self.days_left == 0:
            return "Due today"
        return late if self.days_left < 0 else f"{_days(self.days_left)} left"

    @property
    def percent_gone(self) -> int:
        """How much of the time is used up, from 0 to 100."""
        whole = (self.due - self.aware_on).days
        gone = whole - self.days_left
        return max(0, min(100, round(100 * gone / whole))) if whole > 0 else 100


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
