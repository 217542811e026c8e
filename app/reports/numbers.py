"""The numbers of a dashboard. Each is counted by the same conditions as the list that it links to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from obligations.counting import counted, stamp_of
from obligations.filters import LOOKUPS, NO_WORD, WORDS
from obligations.models import Obligation
from obligations.querysets import ObligationQuerySet, count_each
from obligations.states import State, Status
from registers.models import Mechanism, Project

from reports.watching import Rate, Watch, rates, watches

MONTHS = 12
# Days late, from and to; the longest has no end.
AGES: tuple[tuple[int, int | None], ...] = ((1, 7), (8, 30), (31, 90), (91, None))
# Stacked in this order, from the axis up; what has no date is on no month.
FORECAST_STATES = (State.OVERDUE, State.DUE_SOON, State.UPCOMING, State.IN_REVIEW, State.COMPLETED)


class Cell(NamedTuple):
    """A number, and the query of the list that it counts; without a query nothing was counted."""

    state: State
    number: int
    query: str


@dataclass(frozen=True)
class Row:
    """A line of numbers by state, with the query of the list that they add up to."""

    label: str
    detail: str
    cells: tuple[Cell, ...]
    query: str

    @property
    def total(self) -> int:
        return sum(cell.number for cell in self.cells)


@dataclass(frozen=True)
class Forecast:
    """What falls due in the coming months, what is late from before, and what comes later."""

    rows: tuple[Row, ...]
    later: Cell


class Numbers(NamedTuple):
    """What a dashboard shows in numbers."""

    states: Row
    mechanisms: list[Row]
    forecast: Forecast
    aspects: list[Row]
    phases: list[Row]
    ages: list[Row]
    watches: list[Watch]
    rate: Rate


def dashboard_numbers(project: Project, stamp: str = "") -> Numbers:
    """Return a project's numbers today, counted once for each state of its register.

    Args:
        project: whose register is counted.
        stamp: the register's state, if it has been asked for already.
    """
    obligations, today = Obligation.objects.filter(project=project), project.today

    def count() -> Numbers:
        mechanisms = by_mechanism(obligations, project.mechanisms.all(), today)
        aspects, phases = (by_word(obligations, project, name, today) for name in ("aspect", "phase"))
        return Numbers(
            by_state(obligations, today),
            mechanisms,
            forecast(obligations, today),
            aspects,
            phases,
            overdue_by_age(obligations, today),
            watches([project])[project.pk],
            rates([project])[project.pk],
        )

    return counted("dashboard", stamp=stamp or stamp_of(project), on=today, count=count)


def by_state(obligations: ObligationQuerySet, on: date) -> Row:
    """Count the register by state."""
    return _row("All", obligations.state_counts(on), tuple(State))


def by_mechanism(obligations: ObligationQuerySet, mechanisms: Iterable[Mechanism], on: date) -> list[Row]:
    """Count each mechanism's obligations by state."""
    counts = obligations.state_counts_by("mechanism", on)
    return [
        _row(mechanism.reference, counts.get(mechanism.pk, {}), tuple(State), mechanism.title, mechanism=mechanism.pk)
        for mechanism in mechanisms
    ]


def by_word(obligations: ObligationQuerySet, project: Project, name: str, on: date) -> list[Row]:
    """Count by state under each word of a vocabulary that is in use, and what has no word, in two queries.

    Args:
        obligations: what is counted.
        project: whose organisation's words are meant.
        name: the parameter of the register that filters by the vocabulary, which is the field's name, too.
        on: the project's day.
    """
    counts = obligations.state_counts_by(name, on)
    words = WORDS[name]._default_manager.filter(organisation=project.organisation_id).values_list("pk", "name")
    rows = [_row(word, counts[key], tuple(State), "", **{name: key}) for key, word in words if key in counts]
    if None in counts:
        rows.append(_row("None given", counts[None], tuple(State), "", **{name: NO_WORD}))
    return rows


def overdue_by_age(obligations: ObligationQuerySet, on: date) -> list[Row]:
    """Count what is overdue by how many days it is late, in one query."""
    late = obligations.overdue(on)
    spans = {}
    for first, last in AGES:
        label = f"{first} to {last} days" if last else f"Over {first - 1} days"
        spans[label] = {"due_to": on - timedelta(days=first)} | (
            {"due_from": on - timedelta(days=last)} if last else {}
        )
    counts = count_each({label: late.filter(**{LOOKUPS[k]: day for k, day in s.items()}) for label, s in spans.items()})
    return [
        _row(label, {State.OVERDUE: counts[label]}, (State.OVERDUE,), "", state=State.OVERDUE.value, **spans[label])
        for label in spans
    ]


def by_project(
    projects: list[Project], narrow: Callable[[ObligationQuerySet], ObligationQuerySet] | None = None, **query: object
) -> list[tuple[Project, Row]]:
    """Count each project's obligations by state, on its own day; projects that share a day share a query.

    Args:
        projects: whose obligations are counted.
        narrow: keeps of them what is asked for; all without it.
        query: asks for the same in the address of a register.
    """
    counts: dict[int, dict[str, int]] = {}
    for today in {project.today for project in projects}:
        there = [project for project in projects if project.today == today]
        rows = Obligation.objects.filter(project__in=there)
        counts |= (narrow(rows) if narrow else rows).state_counts_by("project", today)
    return [
        (project, _row(project.name, counts.get(project.pk, {}), tuple(State), "", **query)) for project in projects
    ]


def forecast(obligations: ObligationQuerySet, on: date, months: int = MONTHS) -> Forecast:
    """Count what falls due in so many months from this one on, and what is overdue from months before."""
    first = on.replace(day=1)
    end = first + relativedelta(months=months)
    counts = obligations.with_due_month().state_counts_by("due_month", on)
    late = sum(by_month[State.OVERDUE] for month, by_month in counts.items() if month and month < first)
    later = sum(by_month[State.UPCOMING] for month, by_month in counts.items() if month and month >= end)
    earlier = urlencode({"state": State.OVERDUE.value, "due_to": first - timedelta(days=1)})
    # Of the months gone by only what is late is counted.
    others = (Cell(state, 0, "") for state in FORECAST_STATES[1:])
    rows = [Row("Earlier", "", (Cell(State.OVERDUE, late, earlier), *others), earlier)]
    for number in range(months):
        month = first + relativedelta(months=number)
        last = month + relativedelta(months=1, days=-1)
        rows.append(_row(f"{month:%b %Y}", counts.get(month, {}), FORECAST_STATES, due_from=month, due_to=last))
    after = urlencode({"state": State.UPCOMING.value, "due_from": end})
    return Forecast(tuple(rows), Cell(State.UPCOMING, later, after))


def next_due(obligations: ObligationQuerySet, count: int) -> ObligationQuerySet:
    """Return what is to be done next, what is late before all; what was handed in waits for somebody else."""
    todo = obligations.exclude(status__in=[Status.SUBMITTED, Status.COMPLETED]).exclude(action_due_date=None)
    # Keys first: with the words of other tables beside it, no index serves the order.
    keys = list(todo.in_order("due").values_list("pk", flat=True)[:count])
    return obligations.filter(pk__in=keys).in_order("due").for_table()


def _row(label: str, counts: Mapping[str, int], states: tuple[State, ...], detail: str = "", **query: object) -> Row:
    cells = (Cell(state, counts.get(state, 0), urlencode(query | {"state": state.value})) for state in states)
    return Row(label, detail, tuple(cells), urlencode(query))
