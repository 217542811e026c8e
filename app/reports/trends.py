"""Figures with their tables, of any part of a register. Every number leads to the list that it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from django.urls import reverse
from obligations.filters import NO_WORD, WORDS
from obligations.models import Obligation, Occurrence
from obligations.states import DUE_SOON, Result, State

from reports.charts import BARS, Chart, bars, due_forecast
from reports.numbers import FORECAST_STATES, MONTHS, Row, by_mechanism, by_word, forecast, overdue_by_age
from reports.scope import Scope, last_of

# What is judged, the best first; what was not triggered counts for nothing.
JUDGED = (Result.COMPLIANT, Result.POTENTIALLY_NON_COMPLIANT, Result.NON_COMPLIANT)
QUARTER = relativedelta(months=3)
# The table of a quarter names so many; its picture the first of them.
NAMED = 50
# So many columns leave room for a figure beside them.
SLIM = 4
# Colours that say the same elsewhere: done is done, and late is late.
ON_TIME, LATE = State.COMPLETED.value, State.OVERDUE.value


class Entry(NamedTuple):
    """What stands in a cell, where it leads, and the state whose colour a number wears."""

    value: str | int
    url: str = ""
    state: str = ""

    @property
    def is_words(self) -> bool:
        """Whether it is read from its left edge on, unlike a number, a date or a rate."""
        return isinstance(self.value, str) and not self.value[:1].isdigit()


class Line(NamedTuple):
    """A row of a table, and where its name leads."""

    label: str
    entries: tuple[Entry, ...]
    url: str = ""


@dataclass(frozen=True)
class Panel:
    """A figure with its table.

    Args:
        chart: the figure.
        heading: what the rows are called.
        columns: the headings of the others.
        lines: the rows.
        total: a number that stands beside the title.
        note: what has to be known to read it.
    """

    chart: Chart
    heading: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Entry | None = None
    note: str = ""

    @property
    def is_slim(self) -> bool:
        """Whether the table has room beside the figure."""
        return len(self.columns) <= SLIM and not any(
            entry.is_words for line in self.lines for entry in line.entries if entry.value
        )

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """The headings of the columns, and whether words stand below them."""
        first = self.lines[0].entries if self.lines else ()
        return [
            (column, entry.is_words and bool(entry.value)) for column, entry in zip(self.columns, first, strict=False)
        ]

    @property
    def table(self) -> list[tuple[Line, list[tuple[str, Entry]]]]:
        """The lines, each entry with the heading of its column."""
        return [(line, list(zip(self.columns, line.entries, strict=True))) for line in self.lines]

    @property
    def rows(self) -> list[list[Any]]:
        """The table as it is downloaded."""
        header = [self.heading, *self.columns]
        return [header, *([line.label, *(entry.value for entry in line.entries)] for line in self.lines)]


def panel(scope: Scope, name: str) -> Panel:
    """Return one of PANELS.

    Raises:
        KeyError: there is no such panel.
    """
    make = PANELS[name]
    return scope.counted(f"panel {name}", lambda: make(scope))


def due_dates(scope: Scope) -> Panel:
    """Return what falls due in the months to come, and what is late from before."""
    outlook = forecast(scope.obligations, scope.on, scope.months)
    later = outlook.later
    total = Entry(f"{later.number} later", scope.register(later.query)) if later.number else None
    columns = (*(state.label for state in FORECAST_STATES), "All")
    return Panel(due_forecast(outlook), "Month", columns, _lines(scope, outlook.rows), total)


def close_out(scope: Scope) -> Panel:
    """Return what was done on time and late, by the month in which it was done."""
    counts = scope.occurrences.closed_between(scope.past[0], last_of(scope.past[-1])).counts_of_closing()
    numbers = {
        late: [
            sum(number for (when, was, _), number in counts.items() if (when, was) == (month, late))
            for month in scope.past
        ]
        for late in (False, True)
    }
    lines = []
    for month, on_time, late in zip(scope.past, numbers[False], numbers[True], strict=True):
        entries = (
            Entry(on_time, scope.done(month, timing="on_time"), ON_TIME),
            Entry(late, scope.done(month, timing="late"), LATE),
            Entry(on_time + late, scope.done(month)),
        )
        lines.append(Line(f"{month:%b %Y}", entries))
    data = {
        "title": "Done on time and late",
        "description": f"Stacked bars, one a month: {sum(numbers[False])} on time, {sum(numbers[True])} late.",
        "labels": _months(scope.past),
        "series": [
            {"state": ON_TIME, "label": "On time", "numbers": numbers[False]},
            {"state": LATE, "label": "Late", "numbers": numbers[True]},
        ],
    }
    chart = Chart("close-out", "columns", data, {"wide": 320, "narrow": 260})
    total = Entry(f"{sum(map(sum, numbers.values()))} done", scope.done())
    return Panel(chart, "Month", ("On time", "Late", "All"), tuple(lines), total)


def compliance(scope: Scope) -> Panel:
    """Return the part of what was judged that was found compliant, by the month in which it was done."""
    counts = scope.occurrences.closed_between(scope.past[0], last_of(scope.past[-1])).counts_of_closing()
    lines, rates = [], list[float | None]()
    for month in scope.past:
        found = {
            result: sum(number for (when, _, was), number in counts.items() if (when, was) == (month, result))
            for result in JUDGED
        }
        judged = sum(found.values())
        rates.append(100 * found[Result.COMPLIANT] / judged if judged else None)
        numbers = tuple(Entry(found[result], scope.done(month, result=result.value)) for result in JUDGED)
        lines.append(Line(f"{month:%b %Y}", (*numbers, Entry(_percent(rates[-1])))))
    known = [
        f"{month:%b %Y} {_percent(rate)}" for month, rate in zip(scope.past, rates, strict=True) if rate is not None
    ]
    data = {
        "title": "Compliance rate",
        "description": f"A line, a point a month: {', '.join(known) or 'nothing was judged'}.",
        "labels": _months(scope.past),
        "rates": [None if rate is None else round(rate, 1) for rate in rates],
    }
    chart = Chart("compliance", "line", data, {"wide": 300, "narrow": 240})
    note = "Of what was done and judged; what was not triggered is left out."
    return Panel(chart, "Month", (*(result.label for result in JUDGED), "Rate"), tuple(lines), note=note)


def aspects_by_month(scope: Scope) -> Panel:
    """Return what falls due by aspect and month, over a year."""
    first = scope.on.replace(day=1)
    months = [first + relativedelta(months=ahead) for ahead in range(MONTHS)]
    end = last_of(months[-1])
    counts = scope.obligations.counts_by_due_month("aspect", first, end)
    words = WORDS["aspect"]._default_manager.filter(organisation=scope.project.organisation_id)
    names = [*words.values_list("pk", "name"), (None, "None given")]
    lines = []
    for key, name in names:
        if key not in counts:
            continue
        aspect = NO_WORD if key is None else key
        entries = [
            Entry(counts[key].get(month, 0), scope.register(aspect=aspect, due_from=month, due_to=last_of(month)))
            for month in months
        ]
        everything = scope.register(aspect=aspect, due_from=first, due_to=end)
        lines.append(Line(name, (*entries, Entry(sum(counts[key].values()), everything))))
    fullest = sorted(lines, key=lambda line: -int(line.entries[-1].value))[:BARS]
    shown = [line for line in lines if line in fullest]
    left_out = f" The {len(shown)} fullest of {len(lines)}." if len(shown) < len(lines) else ""
    in_words = "; ".join(f"{line.label} {line.entries[-1].value}" for line in shown)
    data = {
        "title": "Due dates by aspect and month",
        "description": f"A map, a row for each aspect and a column for each month: {in_words or 'nothing'}.{left_out}",
        "labels": [line.label for line in shown],
        "months": _months(months),
        "numbers": [[int(entry.value) for entry in line.entries[:-1]] for line in shown],
    }
    chart = Chart(
        "aspect-by-month", "heat", data, {"wide": 40 + 28 * len(shown) + 12, "narrow": 36 + 46 * len(shown) + 12}
    )
    return Panel(chart, "Aspect", (*(f"{month:%b %y}" for month in months), "All"), tuple(lines))


def quarter(scope: Scope) -> Panel:
    """Return what falls due in the next three months, one bar an obligation, from when it can be done."""
    end = scope.on + QUARTER
    due = scope.obligations.filter(action_due_date__range=(scope.on, end))
    rows = list(due.order_by("action_due_date", "sort_key", "pk").for_table()[:NAMED])
    begin = dict(
        Occurrence.objects.falling_due_next([row.pk for row in rows]).values_list("obligation", "period_start")
    )
    number = due.count()
    spans, lines = [], []
    for row in rows:
        on = row.action_due_date or end
        start = min(max(begin.get(row.pk) or on - DUE_SOON, scope.on), on)
        state = State(row.state(scope.on))
        spans.append(
            {
                "label": f"{row.code}  {row.title or row.requirement}",
                "start": (start - scope.on).days,
                "end": (on - scope.on).days + 1,
                "until": f"{on:%-d %b}",
                "state": state.value,
                "state_label": state.label,
            }
        )
        entries = (
            Entry(_shortened(row)),
            Entry(f"{start:%-d %b %Y}"),
            Entry(f"{on:%-d %b %Y}"),
            Entry(state.label),
        )
        lines.append(Line(row.code, entries, reverse("obligation_detail", args=[scope.project.code, row.pk])))
    shown = spans[:BARS]
    data = {
        "title": "The next three months",
        "description": f"A bar for each of the {len(shown)} soonest of {number} obligations, up to its due date.",
        "spans": shown,
        "days": (end - scope.on).days + 1,
        "months": [
            [(first - scope.on).days, f"{first:%b}"]
            for first in (scope.on.replace(day=1) + relativedelta(months=ahead) for ahead in range(1, 4))
            if first <= end
        ],
    }
    heights = {"wide": 66 + 28 * len(shown), "narrow": 82 + 44 * len(shown)}
    total = Entry(f"All {number}", scope.register(due_from=scope.on, due_to=end))
    columns = ("Obligation", "From", "Due", "State")
    note = "A bar begins with the period that is reported on, or thirty days before the due date."
    return Panel(Chart("quarter", "gantt", data, heights), "Number", columns, tuple(lines), total, note)


def _breakdown(name: str, title: str, heading: str, count: Callable[[Scope], list[Row]]) -> Callable[[Scope], Panel]:
    def make(scope: Scope) -> Panel:
        rows = count(scope)
        columns = (*(cell.state.label for cell in rows[0].cells), "All") if rows else ()
        return Panel(bars(name, title, rows), heading, columns, _lines(scope, rows))

    return make


def _lines(scope: Scope, rows: Sequence[Row]) -> tuple[Line, ...]:
    return tuple(
        Line(
            row.label,
            (
                *(
                    Entry(cell.number, scope.register(cell.query), cell.state.value) if cell.query else Entry("")
                    for cell in row.cells
                ),
                Entry(row.total, scope.register(row.query)),
            ),
        )
        for row in rows
    )


def _months(months: Sequence[date]) -> list[str]:
    """Return the names of months, with the year where one name stands for several."""
    return [f"{month:%b}" if len(months) <= MONTHS else f"{month:%b %Y}" for month in months]


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0f}\N{NO-BREAK SPACE}%"


def _shortened(row: Obligation) -> str:
    text = row.title or row.requirement
    return text if len(text) <= 90 else text[:89].rstrip() + "…"


# In the order of the page.
PANELS: dict[str, Callable[[Scope], Panel]] = {
    "due-forecast": due_dates,
    "quarter": quarter,
    "close-out": close_out,
    "compliance": compliance,
    "aspect-by-month": aspects_by_month,
    "by-mechanism": _breakdown(
        "by-mechanism",
        "Obligations by mechanism and state",
        "Mechanism",
        lambda scope: [
            row
            for row in by_mechanism(scope.obligations, scope.project.mechanisms.all(), scope.on)
            if row.total or not scope.given
        ],
    ),
    "by-aspect": _breakdown(
        "by-aspect",
        "Obligations by aspect and state",
        "Aspect",
        lambda scope: by_word(scope.obligations, scope.project, "aspect", scope.on),
    ),
    "by-phase": _breakdown(
        "by-phase",
        "Obligations by phase and state",
        "Phase",
        lambda scope: by_word(scope.obligations, scope.project, "phase", scope.on),
    ),
    "overdue-by-age": _breakdown(
        "overdue-by-age",
        "Overdue obligations by days late",
        "Days late",
        lambda scope: overdue_by_age(scope.obligations, scope.on),
    ),
}
