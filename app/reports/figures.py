"""Draws figures: a list of requests as JSON on standard input, a line of JSON for each on the output as it is drawn.

A line holds an SVG as a string, or null for one that failed.

Run as `python -m reports.figures`, in a process of its own: matplotlib takes forty megabytes that the web process does
not have to spare. Nothing else imports this module, and it imports nothing of Django.

The same input gives the same bytes. The text is real text; no element carries a style, so that the picture obeys the
site's content security policy when it is opened by itself.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from typing import Any, TypedDict
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

SVG = "http://www.w3.org/2000/svg"
FONTS = ["Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Liberation Sans", "DejaVu Sans"]
SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "enssol", "font.family": FONTS, "font.size": 12}
PIXELS_PER_INCH = 72
# Room for the words before a lying bar.
LABEL_WIDTH = 220


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


class Series(TypedDict):
    """One state: its number in each bar."""

    state: str
    label: str
    numbers: list[int]


class Stacks(TypedDict):
    """What stacked bars need to be drawn; width and height are in CSS pixels."""

    title: str
    description: str
    labels: list[str]
    series: list[Series]
    theme: str
    size: str
    width: int
    height: int


def columns(data: Stacks) -> Figure:
    """Draw upright bars, one a month."""
    palette = THEMES[data["theme"]]
    width, height = data["width"], data["height"]
    narrow = data["size"] == "narrow"
    figure = Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), facecolor="none")
    legend = 46 if narrow else 30
    plot = (34 / width, 24 / height, (width - 40) / width, (height - 24 - legend) / height)
    axes = figure.add_axes(plot, facecolor="none")
    places = range(len(data["labels"]))
    tops = [0] * len(data["labels"])
    for series in data["series"]:
        colour = palette["states"][series["state"]]
        axes.bar(
            places,
            series["numbers"],
            width=0.72,
            bottom=tops,
            color=colour,
            edgecolor=palette["surface"],
            linewidth=1,
            label=series["label"],
            zorder=2,
        )
        tops = [top + number for top, number in zip(tops, series["numbers"], strict=True)]
    for place, top in enumerate(tops):
        if top:
            axes.text(place, top, str(top), color=palette["ink"], fontsize=11, ha="center", va="bottom")
    _month_axis(axes, data["labels"], palette, every=2 if narrow else 1)
    _number_axis(axes, palette, highest=max(tops, default=0))
    _legend(figure, palette, per_row=2 if narrow else 4)
    return figure


def bars(data: Stacks) -> Figure:
    """Draw lying bars, one a label: before its bar, or above it where there is little room."""
    palette = THEMES[data["theme"]]
    width, height, narrow = data["width"], data["height"], data["size"] == "narrow"
    figure = Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), facecolor="none")
    states = len(data["series"])
    legend = 0 if states < 2 else 22 * ((states + 1) // 2) + 6 if narrow else 30
    longest = max(map(len, data["labels"]), default=0)
    left = 2 if narrow else min(12 + 8 * longest, LABEL_WIDTH)
    axes = figure.add_axes((left / width, 0, (width - left - 42) / width, (height - legend) / height), facecolor="none")
    places = range(len(data["labels"]))
    ends = [0] * len(data["labels"])
    for series in data["series"]:
        axes.barh(
            places,
            series["numbers"],
            height=0.42 if narrow else 0.62,
            left=ends,
            color=palette["states"][series["state"]],
            edgecolor=palette["surface"],
            linewidth=1,
            label=series["label"],
        )
        ends = [end + number for end, number in zip(ends, series["numbers"], strict=True)]
    highest = max([1, *ends])
    for place, end in enumerate(ends):
        axes.annotate(
            f"{end}", (end, place), (5, 0), textcoords="offset points", color=palette["ink"], va="center", fontsize=12
        )
        label, room = data["labels"][place], (width - 12 if narrow else LABEL_WIDTH - 8) // 7
        text = label if len(label) <= room else label[: room - 1].rstrip() + "…"
        if narrow:
            axes.annotate(text, (0, place - 0.26), color=palette["quiet"], va="bottom", fontsize=12)
        else:
            axes.annotate(
                text, (0, place), (-8, 0), textcoords="offset points", color=palette["quiet"], ha="right", va="center"
            )
    axes.set_xlim(0, highest)
    # The first label on top; where labels stand above the bars, they need the room.
    axes.set_ylim(max(len(ends), 1) - 0.5 - (0.2 if narrow else 0), -0.5 - (0.2 if narrow else 0))
    axes.set_axis_off()
    if states > 1:
        _legend(figure, palette, per_row=2 if narrow else 6)
    return figure


def _legend(figure: Figure, palette: Palette, *, per_row: int) -> None:
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


def _month_axis(axes: Axes, months: list[str], palette: Palette, *, every: int) -> None:
    places = list(range(0, len(months), every))
    axes.set_xticks(places, [months[place] for place in places])
    axes.tick_params("x", length=0, colors=palette["quiet"], pad=6)
    axes.set_xlim(-0.6, len(months) - 0.4)


def _number_axis(axes: Axes, palette: Palette, *, highest: int) -> None:
    axes.set_ylim(0, max(highest, 4) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params("y", length=0, colors=palette["quiet"], pad=4)
    axes.grid(axis="y", color=palette["line"], linewidth=1, zorder=0)
    axes.spines[:].set_visible(False)
    axes.spines["bottom"].set(visible=True, color=palette["quiet"], linewidth=1)


FIGURES = {"columns": columns, "bars": bars}


def draw(request: dict[str, Any]) -> str:
    """Return the SVG of a figure.

    Args:
        request: `figure`, a key of FIGURES, and `data` as that figure's function takes it.
    """
    with mpl.rc_context():
        mpl.rcParams.update(SETTINGS)
        figure = FIGURES[request["figure"]](request["data"])
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", dpi=PIXELS_PER_INCH, metadata={"Date": None, "Creator": None})
    return _plain(picture.getvalue(), request["data"]["title"], request["data"]["description"])


def _plain(svg: bytes, title: str, description: str) -> str:
    """Name the picture for those who cannot see it, and turn styles, which the policy forbids, into attributes."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - matplotlib's own output
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}style", f"{{{SVG}}}metadata"}:
                parent.remove(child)
        for declaration in parent.attrib.pop("style", "").split(";"):
            name, _, value = declaration.partition(":")
            if name.strip():
                parent.attrib |= _attributes(name.strip(), value.strip())
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib |= {"width": width, "height": height, "role": "img", "stroke-linejoin": "round"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}")
        element.text = text
        root.insert(place, element)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _attributes(name: str, value: str) -> dict[str, str]:
    """Return a declaration as attributes; `font` is the one shorthand that has none of its own name."""
    if name != "font":
        return {name: value}
    size, _, family = value.partition(" ")
    return {"font-size": size, "font-family": family}


def main() -> None:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    for request in json.load(sys.stdin):
        print(json.dumps(_try(request)), flush=True)


def _try(request: dict[str, Any]) -> str | None:
    """Draw, so that one figure that fails takes no other with it."""
    try:
        return draw(request)
    except Exception:
        traceback.print_exc()
        return None


if __name__ == "__main__":
    main()
