"""What presses beside due dates: regulators to be told, corrective actions, inspections; and how much complied.

Counted for several projects at once, each on its own day, in as many queries as there are days among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from obligations.models import CorrectiveAction, Inspection, NonCompliance, Occurrence
from obligations.states import Result
from registers.models import Project

YEAR = relativedelta(years=1)


class Watch(NamedTuple):
    """A number that presses, the soonest day behind it, and the list that it counts."""

    label: str
    number: int
    soonest: date | None
    late: bool
    url: str


class Rate(NamedTuple):
    """How much of what was judged in the last twelve months was found compliant, and the list of what was."""

    compliant: int
    judged: int
    url: str

    @property
    def percent(self) -> int | None:
        return round(100 * self.compliant / self.judged) if self.judged else None


def watches(projects: Sequence[Project]) -> dict[int, list[Watch]]:
    """Return what presses in each of the projects, by the project's key."""
    return {
        project.pk: [_watch(project, today, *found) for found in lists]
        for today, there in _by_day(projects).items()
        for lists in [_lists(there, today)]
        for project in there
    }


def rates(projects: Sequence[Project]) -> dict[int, Rate]:
    """Return the rate of each of the projects, by the project's key."""
    found = {}
    for today, there in _by_day(projects).items():
        first = today - YEAR + relativedelta(days=1)
        closed = Occurrence.objects.filter(project__in=there).closed_between(first, today)
        judged = closed.exclude(result=Result.NOT_TRIGGERED)
        counts = list(judged.order_by().values_list("project", "result").annotate(number=Count("pk")))
        for project in there:
            own = {result: number for key, result, number in counts if key == project.pk}
            span = urlencode({"done_from": first, "done_to": today, "result": Result.COMPLIANT.value})
            url = f"{reverse('closing_list', args=[project.code])}?{span}"
            found[project.pk] = Rate(own.get(Result.COMPLIANT, 0), sum(own.values()), url)
    return found


def _lists(projects: Sequence[Project], today: date) -> list[tuple[str, str, Mapping[int, tuple[int, date]]]]:
    """Return words, address and, by project, how many and the soonest day."""
    actions = CorrectiveAction.objects.filter(non_compliance__project__in=projects).overdue(today)
    inspections = Inspection.objects.filter(project__in=projects).planned()
    told = NonCompliance.objects.filter(project__in=projects).to_notify()
    return [
        ("Regulator to be told", "non_compliance_list?show=to_notify", _count(told, "project", "notification_due")),
        (
            "Corrective actions overdue",
            "corrective_action_list?show=overdue",
            _count(actions, "non_compliance__project", "due_on"),
        ),
        ("Inspections planned", "inspection_list?show=planned", _count(inspections, "project", "planned_on")),
    ]


def _count(rows: QuerySet[Any], project: str, day: str) -> dict[int, tuple[int, date]]:
    counted = rows.order_by().values_list(project).annotate(number=Count("pk"), soonest=Min(day))
    return {key: (number, soonest) for key, number, soonest in counted}


def _watch(project: Project, today: date, label: str, address: str, counts: Mapping[int, tuple[int, date]]) -> Watch:
    number, soonest = counts.get(project.pk, (0, None))
    view, _, query = address.partition("?")
    late = soonest is not None and soonest < today
    return Watch(label, number, soonest, late, f"{reverse(view, args=[project.code])}?{query}")


def _by_day(projects: Sequence[Project]) -> dict[date, list[Project]]:
    days: dict[date, list[Project]] = {}
    for project in projects:
        days.setdefault(project.today, []).append(project)
    return days
