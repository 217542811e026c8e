"""Figures with the time along the bottom: a rate, a map of months by rows, and what lies ahead day by day."""

from __future__ import annotations

from typing import TypedDict

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reports.figure_parts import LABEL_WIDTH, LETTER, Look, Palette, legend, month_axis, row_labels, sheet

# How much of the colour the fullest cell of a map wears, so that its number stays readable on it.
DEEPEST = {"light": 0.75, "dark": 0.55}
PERCENT = 100


class Rates(Look):
    """Percentages, one a month, none where there was nothing to judge."""

    labels: list[str]
    rates: list[float | None]


class Map(Look):
    """Numbers by row and month."""

    labels: list[str]
    months: list[str]
    numbers: list[list[int]]


class Span(TypedDict):
    """A bar: from and to are days from the left edge on."""

    label: str
    start: int
    end: int
    until: str
    state: str
    state_label: str


class Spans(Look):
    """Bars over a number of days, with the days on which months begin."""

    spans: list[Span]
    days: int
    months: list[tuple[int, str]]


def line(data: Rates) -> Figure:
    """Draw a rate as a line; it breaks where there is none."""
    figure, palette, _ = sheet(data)
    width, height = data["width"], data["height"]
    axes = figure.add_axes((44 / width, 24 / height, (width - 60) / width, (height - 44) / height), facecolor="none")
    values = [float("nan") if rate is None else rate for rate in data["rates"]]
    axes.plot(range(len(values)), values, color=palette["states"]["upcoming"], linewidth=2, marker="o", zorder=2)
    room = (width - 60) / max(len(values), 1)
    every = -(-5 * LETTER // max(int(room), 1))
    for place, rate in enumerate(data["rates"]):
        if rate is not None and (len(values) - 1 - place) % every == 0:
            beside = [one for one in data["rates"][max(place - 1, 0) : place + 2] if one is not None]
            # Below a dent, where the line does not run through it.
            below = rate < max(beside) and rate == min(beside) and rate > PERCENT / 8
            axes.annotate(
                f"{rate:.0f} %",
                (place, rate),
                (0, -16 if below else 7),
                textcoords="offset points",
                color=palette["ink"],
                fontsize=11,
                ha="center",
            )
    month_axis(axes, data["labels"], palette, width=width - 60)
    axes.set_ylim(0, PERCENT)
    axes.set_yticks([0, 25, 50, 75, PERCENT], [f"{tick} %" for tick in (0, 25, 50, 75, PERCENT)])
    axes.tick_params("y", length=0, colors=palette["quiet"], pad=4)
    axes.grid(axis="y", color=palette["line"], linewidth=1, zorder=0)
    axes.spines[:].set_visible(False)
    for drawn in axes.lines:
        drawn.set_clip_on(False)
    return figure


def heat(data: Map) -> Figure:
    """Draw numbers as cells, the fuller the deeper; each says its number, so that no colour has to be told apart."""
    figure, palette, narrow = sheet(data)
    width, height = data["width"], data["height"]
    left = 2 if narrow else LABEL_WIDTH
    axes = figure.add_axes((left / width, 24 / height, (width - left - 2) / width, (height - 26) / height))
    axes.set_facecolor("none")
    most = max((number for row in data["numbers"] for number in row), default=0)
    tall = 0.5 if narrow else 0.86
    for row, numbers in enumerate(data["numbers"]):
        for column, number in enumerate(numbers):
            colour = _mix(palette, DEEPEST[data["theme"]] * number / most if number else 0)
            edge = palette["line"] if not number else colour
            axes.add_patch(
                Rectangle((column + 0.04, row - tall / 2), 0.92, tall, facecolor=colour, edgecolor=edge, linewidth=1)
            )
            if number:
                axes.text(column + 0.5, row, str(number), color=palette["ink"], fontsize=11, ha="center", va="center")
    row_labels(axes, data["labels"], palette, narrow=narrow, width=width, above=tall / 2 + 0.03)
    month_axis(axes, data["months"], palette, width=width - left)
    named = [
        (place + 0.5, label.get_text()) for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    ]
    axes.set_xticks([place for place, _ in named], [label for _, label in named])
    axes.set_xlim(0, max(len(data["months"]), 1))
    axes.set_ylim(max(len(data["labels"]), 1) - 0.5, -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def gantt(data: Spans) -> Figure:
    """Draw a bar for each thing to do, up to the day on which it is due."""
    figure, palette, narrow = sheet(data)
    width, height = data["width"], data["height"]
    states = len({span["state"] for span in data["spans"]})
    left, top = 2 if narrow else LABEL_WIDTH, 22 * ((states + 1) // 2) + 8 if narrow else 30
    axes = figure.add_axes(
        (left / width, 24 / height, (width - left - 52) / width, (height - 24 - top) / height), facecolor="none"
    )
    named = set[str]()
    for place, span in enumerate(data["spans"]):
        label = "" if span["state"] in named else span["state_label"]
        named.add(span["state"])
        axes.barh(
            place,
            span["end"] - span["start"],
            left=span["start"],
            height=0.4 if narrow else 0.56,
            color=palette["states"][span["state"]],
            edgecolor=palette["surface"],
            linewidth=1,
            label=label or "_",
            zorder=2,
        )
        axes.annotate(
            span["until"],
            (span["end"], place),
            (5, 0),
            textcoords="offset points",
            color=palette["ink"],
            va="center",
            fontsize=11,
        )
    row_labels(axes, [span["label"] for span in data["spans"]], palette, narrow=narrow, width=width, above=0.26)
    axes.set_xlim(0, data["days"])
    axes.set_ylim(max(len(data["spans"]), 1) - 0.5, -0.5 - (0.25 if narrow else 0))
    axes.set_yticks([])
    axes.set_xticks([day for day, _ in data["months"]], [month for _, month in data["months"]])
    axes.tick_params("x", length=0, colors=palette["quiet"], pad=6)
    axes.grid(axis="x", color=palette["line"], linewidth=1, zorder=0)
    axes.spines[:].set_visible(False)
    if named:
        legend(figure, palette, per_row=2 if narrow else 4)
    return figure


def _mix(palette: Palette, part: float) -> str:
    """Return the surface with a part of the colour of a map in it, as #rrggbb."""
    ends = (palette["surface"], palette["states"]["upcoming"])
    (red, green, blue), (full_red, full_green, full_blue) = (
        tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5)) for colour in ends
    )
    mixed = (
        round(plain + (full - plain) * part)
        for plain, full in ((red, full_red), (green, full_green), (blue, full_blue))
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
