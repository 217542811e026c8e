"""What each figure is drawn from, and what it says to those who do not see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from obligations.states import State

from reports.numbers import FORECAST_STATES, MONTHS, Forecast, Numbers, Row
from reports.rendering import Drawing

THEMES = ("light", "dark")
# CSS pixels: a narrow picture is drawn for a phone, not a wide one shrunk.
WIDTHS = {"wide": 640, "narrow": 340}
# A picture with more bars than this says less than its table.
BARS = 14
IN_WORDS = {12: "twelve", 18: "eighteen", 24: "twenty-four"}


@dataclass(frozen=True)
class Chart:
    """A figure of a dashboard.

    Args:
        name: its name in the address.
        kind: a key of `reports.figures.FIGURES`.
        data: what that figure takes, without theme and size.
        heights: in CSS pixels, wide and narrow.
    """

    name: str
    kind: str
    data: dict[str, Any]
    heights: dict[str, int]

    @property
    def title(self) -> str:
        return str(self.data["title"])

    @property
    def description(self) -> str:
        return str(self.data["description"])

    @property
    def version(self) -> str:
        """Stands in the address of the picture as it is now, which never becomes another one."""
        return self.drawing("light", "wide").digest[:16]

    def drawing(self, theme: str, size: str, form: str = "svg") -> Drawing:
        """Return one variant for `reports.rendering`, as svg or png.

        Raises:
            KeyError: there is no such size.
        """
        look = {"theme": theme, "size": size, "width": WIDTHS[size], "height": self.heights[size]}
        return Drawing(self.kind, self.data | look, form)

    @property
    def drawings(self) -> Iterator[Drawing]:
        """All variants: a page does not know which one a browser will ask for."""
        return (self.drawing(theme, size) for theme in THEMES for size in WIDTHS)


def charts_of(numbers: Numbers) -> dict[str, Chart]:
    """Return the figures of a dashboard by their names."""
    charts = [
        due_forecast(numbers.forecast),
        bars("by-mechanism", "Obligations by mechanism and state", numbers.mechanisms),
        bars("by-aspect", "Obligations by aspect and state", numbers.aspects),
        bars("by-phase", "Obligations by phase and state", numbers.phases),
        bars("overdue-by-age", "Overdue obligations by days late", numbers.ages),
    ]
    return {chart.name: chart for chart in charts}


def due_forecast(outlook: Forecast) -> Chart:
    """Return the due-date forecast."""
    total = {
        state: sum(cell.number for row in outlook.rows for cell in row.cells if cell.state == state)
        for state in FORECAST_STATES
    }
    in_words = ", ".join(f"{number} {State(state).label.lower()}" for state, number in total.items())
    months = len(outlook.rows) - 1
    within_a_year = months <= MONTHS
    data = {
        "title": f"Due dates over the coming {IN_WORDS.get(months, months)} months",
        "description": f"Stacked bars, one a month, after what is late from earlier months: {in_words}.",
        "labels": [row.label.split()[0] if within_a_year else row.label for row in outlook.rows],
        "series": _series(outlook.rows, FORECAST_STATES),
    }
    return Chart("due-forecast", "columns", data, {"wide": 420, "narrow": 300})


def bars(name: str, title: str, rows: Sequence[Row]) -> Chart:
    """Return a figure with a bar a row, stacked by state; of many rows the longest ones, in the order of the table."""
    longest = sorted(rows, key=lambda row: -row.total)[:BARS]
    shown = [row for row in rows if row in longest]
    present = {cell.state for row in shown for cell in row.cells if cell.number}
    states = [state for state in State if state in present]
    in_words = "; ".join(f"{row.label} {row.total}" for row in shown)
    left_out = f" The {len(shown)} largest of {len(rows)}." if len(shown) < len(rows) else ""
    data = {
        "title": title,
        "description": f"Stacked bars: {in_words}.{left_out}",
        "labels": [row.label for row in shown],
        "series": _series(shown, states),
    }
    heights = {
        "wide": (34 if len(states) > 1 else 4) + 30 * len(shown) + 12,
        "narrow": (22 * ((len(states) + 1) // 2) + 12 if len(states) > 1 else 4) + 44 * len(shown) + 8,
    }
    return Chart(name, "bars", data, heights)


def unavailable(theme: str, size: str) -> str:
    """Return a small picture that says that the figure is missing and the table is not."""
    return render_to_string("reports/_unavailable.svg", {"dark": theme == "dark", "narrow": size == "narrow"})


def _series(rows: Sequence[Row], states: Sequence[State]) -> list[dict[str, Any]]:
    return [
        {
            "state": state.value,
            "label": state.label,
            "numbers": [sum(cell.number for cell in row.cells if cell.state == state) for row in rows],
        }
        for state in states
    ]
