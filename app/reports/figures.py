"""Draws figures: a list of requests as JSON on standard input, a line of JSON for each on the output as it is drawn.

A line holds an SVG or the address of a PNG as a string, or null for one that failed.

Run as `python -m reports.figures`, in a process of its own: matplotlib takes forty megabytes that the web process does
not have to spare. Nothing else imports this module, and it imports nothing of Django.

The same input gives the same bytes. The text is real text; no element carries a style, so that the picture obeys the
site's content security policy when it is opened by itself.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypedDict
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from reports.figure_parts import (
    LABEL_WIDTH,
    PIXELS_PER_INCH,
    THEMES,
    Look,
    legend,
    month_axis,
    number_axis,
    row_labels,
    sheet,
)
from reports.figures_in_time import gantt, heat, line

PNG = "data:image/png;base64,"
# Pixels of a column that has no room for a large number.
SLIM, HUNDRED = 26, 100
SVG = "http://www.w3.org/2000/svg"
FONTS = ["Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Liberation Sans", "DejaVu Sans"]
SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "enssol", "font.family": FONTS, "font.size": 12}


class Series(TypedDict):
    """One state: its number in each bar."""

    state: str
    label: str
    numbers: list[int]


class Stacks(Look):
    """What stacked bars need to be drawn."""

    labels: list[str]
    series: list[Series]


def columns(data: Stacks) -> Figure:
    """Draw upright bars, one a month."""
    figure, palette, narrow = sheet(data)
    width, height = data["width"], data["height"]
    top = 22 * ((len(data["series"]) + 1) // 2) + 8 if narrow else 30
    plot = (34 / width, 24 / height, (width - 40) / width, (height - 24 - top) / height)
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
    # Where columns are thinner than a number, the table has it.
    small = (width - 40) / max(len(tops), 1) < SLIM
    for place, end in enumerate(tops):
        if end and not (small and end >= HUNDRED):
            axes.text(place, end, str(end), color=palette["ink"], fontsize=9 if small else 11, ha="center", va="bottom")
    month_axis(axes, data["labels"], palette, width=width - 40)
    number_axis(axes, palette, highest=max(tops, default=0))
    legend(figure, palette, per_row=2 if narrow else 5)
    return figure


def bars(data: Stacks) -> Figure:
    """Draw lying bars, one a label: before its bar, or above it where there is little room."""
    figure, palette, narrow = sheet(data)
    width, height = data["width"], data["height"]
    states = len(data["series"])
    top = 0 if states < 2 else 22 * ((states + 1) // 2) + 6 if narrow else 30
    longest = max(map(len, data["labels"]), default=0)
    left = 2 if narrow else min(12 + 8 * longest, LABEL_WIDTH)
    axes = figure.add_axes((left / width, 0, (width - left - 42) / width, (height - top) / height), facecolor="none")
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
    row_labels(axes, data["labels"], palette, narrow=narrow, width=width, above=0.26)
    axes.set_xlim(0, highest)
    # The first label on top; where labels stand above the bars, they need the room.
    axes.set_ylim(max(len(ends), 1) - 0.5 - (0.2 if narrow else 0), -0.5 - (0.2 if narrow else 0))
    axes.set_axis_off()
    if states > 1:
        legend(figure, palette, per_row=2 if narrow else 6)
    return figure


FIGURES: dict[str, Callable[[Any], Figure]] = {
    "columns": columns,
    "bars": bars,
    "line": line,
    "heat": heat,
    "gantt": gantt,
}


def draw(request: dict[str, Any]) -> str:
    """Return the SVG of a figure, or its PNG as a `data:` address.

    Args:
        request: `figure`, a key of FIGURES, `data` as that figure's function takes it, and `form`: svg or png.
    """
    picture = io.BytesIO()
    with mpl.rc_context():
        mpl.rcParams.update(SETTINGS)
        figure = FIGURES[request["figure"]](request["data"])
        if request["form"] == "png":
            # For a report or a slide: not on whatever colour lies below, and twice as fine.
            figure.set_facecolor(THEMES[request["data"]["theme"]]["surface"])
            figure.savefig(picture, format="png", dpi=2 * PIXELS_PER_INCH, metadata={"Software": None})
            return PNG + base64.b64encode(picture.getvalue()).decode()
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
