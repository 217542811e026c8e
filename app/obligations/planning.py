"""What is coming: a month as a calendar, the months ahead as an agenda, and what waits for one person."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from accounts.models import User
from accounts.roles import allowed
from dateutil.relativedelta import relativedelta
from django.db.models import Count, F, Q
from django.utils import timezone
from registers.models import Project
from registers.querysets import roles_by_project

from obligations.models import Comment, CorrectiveAction, Inspection, Occurrence
from obligations.querysets import OccurrenceQuerySet
from obligations.states import DUE_SOON, OccurrenceState

# A day of the calendar names so many; the others are counted, and the look-ahead lists them.
NAMED_A_DAY = 4
# A month with more than this is counted rather than listed.
NAMED_A_MONTH = 400
WAITING = 50
MENTIONED = timedelta(days=60)
MONDAY = 0


class Planned(NamedTuple):
    """An occurrence, and whether it is late."""

    occurrence: Occurrence
    late: bool


@dataclass
class Day:
    """One day of a calendar's page."""

    on: date
    in_month: bool
    is_today: bool
    notes: list[str] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    number: int = 0

    @property
    def more(self) -> int:
        """How many are counted but not named."""
        return self.number - len(self.planned)


def month_of(project: Project, first: date, occurrences: OccurrenceQuerySet) -> list[list[Day]]:
    """Return the weeks of a month, Monday first, each day with what falls due, in a fixed number of queries.

    Args:
        project: its holidays, milestones and phases are noted.
        first: the month's first day.
        occurrences: of the project, narrowed as wanted.
    """
    weeks = Weeks(MONDAY).monthdatescalendar(first.year, first.month)
    span = (weeks[0][0], weeks[-1][-1])
    today = project.today
    due = occurrences.filter(due_date__range=span).exclude(state=OccurrenceState.CANCELLED)
    counts = dict(due.order_by().values_list("due_date").annotate(number=Count("pk")))
    named: defaultdict[date, list[Planned]] = defaultdict(list)
    if sum(counts.values()) <= NAMED_A_MONTH:
        for one in due.for_table().soonest_first():
            if one.due_date and len(named[one.due_date]) < NAMED_A_DAY:
                named[one.due_date].append(Planned(one, one.is_overdue(today)))
    notes = _notes(project, span)
    return [
        [Day(day, day.month == first.month, day == today, notes[day], named[day], counts.get(day, 0)) for day in week]
        for week in weeks
    ]


def _notes(project: Project, span: tuple[date, date]) -> defaultdict[date, list[str]]:
    notes: defaultdict[date, list[str]] = defaultdict(list)
    for holiday in project.holidays.filter(on__range=span):
        notes[holiday.on].append(holiday.name)
    for phase in project.phases.filter(Q(starts_on__range=span) | Q(ends_on__range=span)).select_related("phase"):
        if phase.starts_on:
            notes[phase.starts_on].append(f"{phase.phase} starts")
        if phase.ends_on:
            notes[phase.ends_on].append(f"{phase.phase} ends")
    for milestone in project.milestones.filter(Q(planned_on__range=span) | Q(occurred_on__range=span)):
        if milestone.date:
            notes[milestone.date].append(milestone.name)
    return notes


class Week(NamedTuple):
    """The days from a Monday on, and what falls due in them."""

    starts_on: date
    planned: list[Planned]


class Month(NamedTuple):
    """A month of an agenda."""

    first: date
    weeks: list[Week]


def ahead(occurrences: OccurrenceQuerySet, today: date, months: int) -> OccurrenceQuerySet:
    """Return what is late and what falls due in the months to come, soonest first."""
    until = today + relativedelta(months=months)
    return occurrences.unfinished().filter(due_date__lte=until).for_table().soonest_first()


def by_week(rows: Iterable[Occurrence], today: date) -> tuple[list[Planned], list[Month]]:
    """Part an agenda into what is late and the weeks of the months to come."""
    planned = [Planned(one, one.is_overdue(today)) for one in rows]
    late = [one for one in planned if one.late]
    coming = [one for one in planned if not one.late]
    months = []
    for first, in_month in groupby(coming, key=lambda one: _day(one).replace(day=1)):
        weeks = [
            Week(monday, list(in_week))
            for monday, in_week in groupby(in_month, key=lambda one: _day(one) - timedelta(days=_day(one).weekday()))
        ]
        months.append(Month(first, weeks))
    return late, months


def _day(one: Planned) -> date:
    return one.occurrence.due_date or date.max


@dataclass(frozen=True)
class Work:
    """What waits for somebody, over one project or all of theirs."""

    late: list[Planned]
    soon: list[Planned]
    to_review: list[Planned]
    actions: list[tuple[CorrectiveAction, bool]]
    inspections: list[tuple[Inspection, bool]]
    mentions: list[Comment]

    @property
    def is_empty(self) -> bool:
        return not any((self.late, self.soon, self.to_review, self.actions, self.inspections, self.mentions))


def work_of(user: User, projects: Iterable[Project]) -> Work:
    """Return what waits for a person, in a fixed number of queries; what is late is so on each site's own day."""
    theirs = {project.pk: project for project in projects}
    days = {key: project.today for key, project in theirs.items()}
    roles = roles_by_project(user, theirs.values())
    reviewed = [key for key in theirs if allowed("occurrence.close", roles[key])]
    horizon = max(days.values(), default=timezone.localdate()) + DUE_SOON
    mine = Occurrence.objects.filter(project__in=theirs).concerning(user).for_table()
    due = mine.unfinished().filter(due_date__lte=horizon).exclude(state=OccurrenceState.SUBMITTED).soonest_first()
    planned = [Planned(one, one.is_overdue(days[one.project_id])) for one in due[: 2 * WAITING]]
    review = Occurrence.objects.filter(project__in=reviewed, state=OccurrenceState.SUBMITTED).for_table()
    actions = CorrectiveAction.objects.filter(
        owner=user, closed_at=None, completed_on=None, non_compliance__project__in=theirs
    ).select_related("non_compliance__project")
    inspections = Inspection.objects.filter(
        inspector=user, state=Inspection.State.PLANNED, project__in=theirs, planned_on__lte=horizon
    ).select_related("project", "obligation__mechanism")
    mentions = Comment.objects.filter(
        mentions=user, obligation__project__in=theirs, at__gt=timezone.now() - MENTIONED
    ).select_related("author", "obligation__mechanism", "obligation__project", "occurrence__project")
    return Work(
        late=[one for one in planned if one.late],
        soon=[one for one in planned if not one.late],
        to_review=[
            Planned(one, one.is_overdue(days[one.project_id]))
            for one in review.exclude(submitted_by=user).soonest_first()[:WAITING]
        ],
        actions=[
            (action, action.is_overdue(days[action.non_compliance.project_id]))
            for action in actions.order_by("due_on")[:WAITING]
        ],
        inspections=[
            (row, row.is_overdue(days[row.project_id])) for row in inspections.order_by("planned_on")[:WAITING]
        ],
        mentions=list(mentions.order_by(F("at").desc())[:WAITING]),
    )
