"""What a figure is drawn from, and what it says to those who do not see it."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from obligations.states import State

from reports.numbers import FORECAST_STATES, Forecast


def due_forecast(outlook: Forecast) -> dict[str, Any]:
    """Return the data of the due-date forecast, for `reports.figures.due_forecast`."""
    total = {
        state: sum(cell.number for row in outlook.rows for cell in row.cells if cell.state == state)
        for state in FORECAST_STATES
    }
    in_words = ", ".join(f"{number} {State(state).label.lower()}" for state, number in total.items())
    return {
        "title": "Due dates over the coming twelve months",
        "description": f"Stacked bars, one a month, after what is late from earlier months: {in_words}.",
        "months": [row.label.split()[0] for row in outlook.rows],
        "series": [
            {
                "state": state.value,
                "label": state.label,
                "numbers": [sum(cell.number for cell in row.cells if cell.state == state) for row in outlook.rows],
            }
            for state in FORECAST_STATES
        ],
    }


def unavailable(theme: str, size: str) -> str:
    """Return a small picture that says that the figure is missing and the table is not."""
    return render_to_string("reports/_unavailable.svg", {"dark": theme == "dark", "narrow": size == "narrow"})
