"""The drawing, run as the site runs it: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest
from config.tests.subprocesses import APP, python

SVG = "{http://www.w3.org/2000/svg}"
DATA: dict[str, Any] = {
    "title": "Due dates over the coming twelve months",
    "description": "2 overdue, 1 due in 30 days.",
    "months": ["Earlier", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct"],
    "series": [
        {"state": "overdue", "label": "Overdue", "numbers": [2] + [0] * 12},
        {"state": "due_soon", "label": "Due in 30 days", "numbers": [0, 1] + [0] * 11},
        {"state": "upcoming", "label": "Upcoming", "numbers": [0] * 10 + [37, 0, 0]},
        {"state": "completed", "label": "Completed", "numbers": [0] * 13},
    ],
}


def _draw(**data: Any) -> bytes:
    request = json.dumps({"figure": "due-forecast", "data": DATA | {"theme": "light", "size": "wide"} | data})
    done = subprocess.run(
        [sys.executable, "-m", "reports.figures"], input=request.encode(), cwd=APP, capture_output=True, check=True
    )
    assert not done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def picture() -> ElementTree.Element:
    return ElementTree.fromstring(_draw())  # noqa: S314 - our own output


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert _draw() == _draw()


def test_every_month_and_number_is_real_text(picture: ElementTree.Element) -> None:
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert set(DATA["months"]) <= set(texts)
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
    assert b"Completed" in _draw(series=empty)
    assert b"395060" in _draw(series=large, theme="dark", size="narrow")


def test_the_web_process_never_loads_matplotlib() -> None:
    process = python(
        "-c",
        "import config.wsgi, config.urls, sys; print([m for m in sys.modules if 'matplotlib' in m or m == 'numpy'])",
    )
    out, err = process.communicate()
    assert (out.strip(), err) == ("[]", "")
