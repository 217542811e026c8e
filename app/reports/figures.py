"""Draws a figure: JSON on standard input, SVG on standard output.

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
from typing import Any, TypedDict
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

SVG = "http://www.w3.org/2000/svg"
FONTS = ["Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Liberation Sans", "DejaVu Sans"]
SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "enssol", "font.family": FONTS, "font.size": 12}
# Width and height in CSS pixels: a narrow picture is drawn for a phone, not a wide one shrunk.
SIZES = {"wide": (640, 420), "narrow": (340, 300)}
PIXELS_PER_INCH = 72


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
            "completed": "#3d6a54",
        },
    },
}


class Series(TypedDict):
    """One state: its number in each month."""

    state: str
    label: str
    numbers: list[int]


class DueForecast(TypedDict):
    """What the forecast needs to be drawn."""

    title: str
    description: str
    months: list[str]
    series: list[Series]
    theme: str
    size: str


def due_forecast(data: DueForecast) -> Figure:
    """Draw what falls due in each month as stacked bars, what is late in a colour of its own."""
    palette = THEMES[data["theme"]]
    width, height = SIZES[data["size"]]
    narrow = data["size"] == "narrow"
    figure = Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), facecolor="none")
    legend = 46 if narrow else 30
    plot = (34 / width, 24 / height, (width - 40) / width, (height - 24 - legend) / height)
    axes = figure.add_axes(plot, facecolor="none")
    places = range(len(data["months"]))
    tops = [0] * len(data["months"])
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
    _month_axis(axes, data["months"], palette, every=2 if narrow else 1)
    _number_axis(axes, palette, highest=max(tops, default=0))
    figure.legend(
        loc="upper left",
        bbox_to_anchor=(0, 1),
        ncols=2 if narrow else 4,
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
    return figure


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


FIGURES = {"due-forecast": due_forecast}


def draw(request: dict[str, Any]) -> bytes:
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


def _plain(svg: bytes, title: str, description: str) -> bytes:
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
    plain: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return plain


def _attributes(name: str, value: str) -> dict[str, str]:
    """Return a declaration as attributes; `font` is the one shorthand that has none of its own name."""
    if name != "font":
        return {name: value}
    size, _, family = value.partition(" ")
    return {"font-size": size, "font-family": family}


def main() -> None:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
