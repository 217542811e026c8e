"""What all figures share: the colours of a theme, a sheet to draw on, axes and a legend.

Nothing but `reports.figures` and what it draws with imports this module: it needs matplotlib.
"""

from __future__ import annotations

from typing import TypedDict

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

PIXELS_PER_INCH = 72
# Room for the words before a lying bar.
LABEL_WIDTH = 220
# What a letter takes on an axis.
LETTER = 7


class Palette(TypedDict):
    """Colours of a theme, the same as in ui/css/tokens.css."""

    ink: str
    quiet: str
    line: str
    surface: str
    states: dict[str, str]


THEMES: dict[str, Palette] = {
    "light": {
        "ink": "#1d2925",
        "quiet": "#55605b",
        "line": "#ddd8cb",
        "surface": "#ffffff",
        "states": {
            "overdue": "#b5482c",
            "due_soon": "#d09a33",
            "upcoming": "#6288ab",
            "in_review": "#9a80bb",
            "no_date": "#b9bab4",
            "completed": "#a9cbb8",
        },
    },
    "dark": {
        "ink": "#e7ebe5",
        "quiet": "#a5b2ab",
        "line": "#2c3833",
        "surface": "#19211e",
        "states": {
            "overdue": "#ee8266",
            "due_soon": "#dcae50",
            "upcoming": "#7ea6cb",
            "in_review": "#a88bca",
            "no_date": "#59635e",
            "completed": "#3d6a54",
        },
    },
}


class Look(TypedDict):
    """What every figure says and how large it is; width and height are in CSS pixels."""

    title: str
    description: str
    theme: str
    size: str
    width: int
    height: int


def sheet(data: Look) -> tuple[Figure, Palette, bool]:
    """Return an empty figure, its colours, and whether it is drawn for a phone."""
    size = (data["width"] / PIXELS_PER_INCH, data["height"] / PIXELS_PER_INCH)
    return Figure(figsize=size, facecolor="none"), THEMES[data["theme"]], data["size"] == "narrow"


def row_labels(axes: Axes, labels: list[str], palette: Palette, *, narrow: bool, width: int, above: float) -> None:
    """Write before each row what it is, or above it where there is little room; what is too long is shortened.

    Args:
        axes: rows lie at 0, 1, 2 from the top.
        labels: one a row.
        palette: of the theme.
        narrow: whether they stand above.
        width: of the figure in pixels.
        above: how far, in rows.
    """
    room = ((width - 12) if narrow else LABEL_WIDTH - 8) // LETTER
    for place, label in enumerate(labels):
        text = label if len(label) <= room else label[: room - 1].rstrip() + "…"
        if narrow:
            axes.annotate(text, (0, place - above), color=palette["quiet"], va="bottom", fontsize=12)
        else:
            axes.annotate(
                text, (0, place), (-8, 0), textcoords="offset points", color=palette["quiet"], ha="right", va="center"
            )


def legend(figure: Figure, palette: Palette, *, per_row: int) -> None:
    figure.legend(
        loc="upper left",
        bbox_to_anchor=(0, 1),
        ncols=per_row,
        frameon=False,
        labelcolor=palette["quiet"],
        fontsize=12,
        handlelength=0.9,
        handleheight=0.9,
        handletextpad=0.5,
        columnspacing=1.4,
        borderaxespad=0,
        borderpad=0.2,
    )


def month_axis(axes: Axes, months: list[str], palette: Palette, *, width: float) -> None:
    """Name the months below, as many as the width in pixels has room for."""
    # The first may stand for all that is earlier, and has room on its other side.
    longest = max(map(len, months[1:]), default=1)
    every = -(-(longest + 1) * LETTER * len(months) // max(int(width), 1)) or 1
    column, half = width / max(len(months), 1), longest * LETTER / 2
    # The last name would stick out where its column is thin.
    places = [place for place in range(0, len(months), every) if (len(months) - 0.5 - place) * column + 6 >= half]
    axes.set_xticks(places, [months[place] for place in places])
    axes.tick_params("x", length=0, colors=palette["quiet"], pad=6)
    axes.set_xlim(-0.6, len(months) - 0.4)


def number_axis(axes: Axes, palette: Palette, *, highest: int) -> None:
    axes.set_ylim(0, max(highest, 4) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params("y", length=0, colors=palette["quiet"], pad=4)
    axes.grid(axis="y", color=palette["line"], linewidth=1, zorder=0)
    axes.spines[:].set_visible(False)
    axes.spines["bottom"].set(visible=True, color=palette["quiet"], linewidth=1)
