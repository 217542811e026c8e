"""The demo project's calendar: the public holidays of Western Australia, and the invented dates of a mine."""

from __future__ import annotations

from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import MO, relativedelta

from registers.models import Holiday, Milestone, Phase, Project, ProjectPhase
from registers.services import term_ensure

YEARS = range(2025, 2029)
DAY = timedelta(days=1)
# From and to; None while it goes on.
PHASES: dict[str, tuple[date, date | None]] = {
    "Pre-construction": (date(2025, 3, 12), date(2027, 1, 17)),
    "Construction": (date(2025, 9, 30), date(2027, 9, 30)),
    "Operation": (date(2025, 12, 1), None),
}
MILESTONES: dict[str, date] = {"Stage 2 clearing": date(2027, 1, 18)}


def seed(project: Project) -> None:
    """Give the project its holidays, phases and milestones."""
    Holiday.objects.bulk_create(
        Holiday(project=project, on=on, name=name) for year in YEARS for on, name in holidays(year).items()
    )
    for name, (starts_on, ends_on) in PHASES.items():
        phase = term_ensure(Phase, project.organisation, name)
        ProjectPhase.objects.create(project=project, phase=phase, starts_on=starts_on, ends_on=ends_on)
    for name, planned_on in MILESTONES.items():
        Milestone.objects.create(project=project, name=name, planned_on=planned_on)


def holidays(year: int) -> dict[date, str]:
    """Return the public holidays of Western Australia in a year, in order.

    Source: Public and Bank Holidays Act 1972 (WA), Second Schedule. The King's Birthday is proclaimed each year, so far
    on the last Monday of September. A day that stands in for one on a weekend is a holiday beside it.
    """
    sunday = easter(year)
    days = {
        date(year, 1, 1): "New Year's Day",
        date(year, 1, 26): "Australia Day",
        date(year, 3, 1) + relativedelta(weekday=MO(1)): "Labour Day",
        sunday - 2 * DAY: "Good Friday",
        sunday: "Easter Sunday",
        sunday + DAY: "Easter Monday",
        date(year, 4, 25): "Anzac Day",
        date(year, 6, 1) + relativedelta(weekday=MO(1)): "Western Australia Day",
        date(year, 9, 30) + relativedelta(weekday=MO(-1)): "King's Birthday",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Boxing Day",
    }
    for on, name in sorted(days.items()):
        if on.weekday() >= 5 and name != "Easter Sunday":
            instead = on
            while instead.weekday() >= 5 or instead in days:
                instead += DAY
            days[instead] = f"{name} (additional day)"
    return dict(sorted(days.items()))
