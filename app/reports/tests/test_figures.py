"""The drawing, run as the site runs it: in a process of its own."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest
from config.tests.subprocesses import APP

SVG = "{http://www.w3.org/2000/svg}"
DATA: dict[str, Any] = {
    "title": "Due dates over the coming twelve months",
    "description": "2 overdue, 1 due in 30 days.",
    "labels": ["Earlier", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct"],
    "series": [
        {"state": "overdue", "label": "Overdue", "numbers": [2] + [0] * 12},
        {"state": "due_soon", "label": "Due in 30 days", "numbers": [0, 1] + [0] * 11},
        {"state": "upcoming", "label": "Upcoming", "numbers": [0] * 10 + [37, 0, 0]},
        {"state": "completed", "label": "Completed", "numbers": [0] * 13},
    ],
}


LOOK: dict[str, Any] = {"theme": "light", "size": "wide", "width": 640, "height": 420}


def _draw_all(*requests: dict[str, Any]) -> tuple[list[str | None], str]:
    """Return the pictures of some requests, and what was said of those that failed."""
    done = subprocess.run(
        [sys.executable, "-m", "reports.figures"],
        input=json.dumps(requests).encode(),
        cwd=APP,
        capture_output=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def _draw(figure: str = "columns", **data: Any) -> str:
    (picture,), said = _draw_all({"figure": figure, "form": "svg", "data": DATA | LOOK | data})
    assert not said
    assert picture
    return picture


@pytest.fixture(scope="module")
def picture() -> ElementTree.Element:
    return ElementTree.fromstring(_draw())  # noqa: S314 - our own output


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert _draw() == _draw()


def test_every_month_and_number_is_real_text(picture: ElementTree.Element) -> None:
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert set(DATA["labels"]) <= set(texts)
    assert {"Overdue", "Due in 30 days", "Upcoming", "Completed"} <= set(texts)
    assert {"2", "1", "37"} <= set(texts)


def test_it_says_what_it_shows(picture: ElementTree.Element) -> None:
    assert picture.get("role") == "img"
    assert [child.text for child in picture[:2]] == [DATA["title"], DATA["description"]]


def test_it_obeys_the_content_security_policy(picture: ElementTree.Element) -> None:
    assert all("style" not in element.attrib for element in picture.iter())
    assert not {f"{SVG}style", f"{SVG}script"} & {element.tag for element in picture.iter()}


def test_an_empty_register_and_a_large_one_can_be_drawn() -> None:
    empty = [series | {"numbers": [0] * 13} for series in DATA["series"]]
    large = [series | {"numbers": [98_765] * 13} for series in DATA["series"]]
    assert "Completed" in _draw(series=empty)
    assert "395060" in _draw(series=large, theme="dark")
    # Numbers that would run into one another stand in the table alone.
    assert "395060" not in _draw(series=large, theme="dark", size="narrow", width=340, height=300)


@pytest.mark.parametrize(("size", "width"), [("wide", 640), ("narrow", 340)])
def test_lying_bars_name_each_row_and_shorten_what_has_no_room(size: str, width: int) -> None:
    labels = ["Water", "Rehabilitation, erosion and sediment management of all disturbed land"]
    series = [{"state": "overdue", "label": "Overdue", "numbers": [3, 0]}]
    svg = _draw("bars", labels=labels, series=series, size=size, width=width, height=120)
    texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own
    assert "Water" in texts
    assert "3" in texts
    assert any(text and text.startswith("Rehabilitation, erosion") and text.endswith("…") for text in texts)


def test_bars_of_nothing_can_be_drawn() -> None:
    assert "</svg>" in _draw("bars", labels=[], series=[])


MONTHS = [f"{month} 2026" for month in ("Jan", "Feb", "Mar")]
IN_TIME: dict[str, dict[str, Any]] = {
    "line": {"labels": MONTHS, "rates": [100.0, None, 66.6]},
    "heat": {"labels": ["Water", "Rehabilitation of all land"], "months": MONTHS, "numbers": [[1, 0, 12], [0, 0, 3]]},
    "gantt": {
        "days": 92,
        "months": [(8, "Feb"), (36, "Mar")],
        "spans": [
            {"label": "L1 2", "start": 0, "end": 9, "until": "9 Jan", "state": "due_soon", "state_label": "Due soon"},
            {"label": "L1 3", "start": 60, "end": 90, "until": "3 Mar", "state": "upcoming", "state_label": "Upcoming"},
        ],
    },
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("figure", "said"), [("line", "67 %"), ("heat", "12"), ("gantt", "9 Jan")])
def test_figures_in_time_say_their_numbers_in_text(figure: str, said: str, theme: str) -> None:
    own = IN_TIME[figure]
    looks: list[dict[str, Any]] = [{"theme": theme}, {"theme": theme, "size": "narrow", "width": 340, "height": 200}]
    requests = [{"figure": figure, "form": "svg", "data": DATA | LOOK | own | look} for look in looks]
    pictures, errors = _draw_all(*requests)
    assert not errors
    for svg in pictures:
        assert svg
        texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own
        assert {said, "Feb" if figure == "gantt" else MONTHS[0]} <= set(texts)


@pytest.mark.parametrize(
    ("figure", "empty"), [("line", ("labels", "rates")), ("heat", ("labels", "numbers")), ("gantt", ("spans",))]
)
def test_figures_in_time_of_nothing_can_be_drawn(figure: str, empty: tuple[str, ...]) -> None:
    assert "</svg>" in _draw(figure, **(IN_TIME[figure] | {name: [] for name in empty}))


def test_a_picture_to_download_is_a_png_of_the_same_bytes_each_time() -> None:
    request = {"figure": "columns", "form": "png", "data": DATA | LOOK}
    (one, other), errors = _draw_all(request, request)
    assert not errors
    assert one == other
    assert one
    start, _, content = one.partition(",")
    assert start == "data:image/png;base64"
    png = base64.b64decode(content)
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (2 * LOOK["width"], 2 * LOOK["height"])


def test_a_figure_that_fails_takes_no_other_with_it() -> None:
    (missing, drawn), said = _draw_all(
        {"figure": "pie", "form": "svg", "data": DATA | LOOK}, {"figure": "columns", "form": "svg", "data": DATA | LOOK}
    )
    assert missing is None
    assert drawn
    assert "KeyError" in said
