"""The cache of figures: drawn once, kept whole, never without bound, and never in the way of a page."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import rendering
from reports.rendering import FigureUnavailable, figure_svg

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Replace the drawing by one that costs nothing and is counted."""
    requests: list[bytes] = []

    def draw(request: bytes) -> bytes:
        requests.append(request)
        return b"<svg>" + request + b"</svg>"

    monkeypatch.setattr(rendering, "_draw", draw)
    return requests


def test_a_figure_is_drawn_once_for_the_same_numbers(drawn: list[bytes]) -> None:
    first = figure_svg("due-forecast", {"a": 1})
    assert figure_svg("due-forecast", {"a": 1}) == first
    assert len(drawn) == 1
    other, digest = figure_svg("due-forecast", {"a": 2})
    assert (other, digest) != first
    assert len(drawn) == 2


def test_a_changed_drawing_is_drawn_again(drawn: list[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, before = figure_svg("due-forecast", {"a": 1})
    changed = tmp_path / "figures.py"
    changed.write_text("# another look")
    monkeypatch.setattr(rendering, "DRAWING", changed)
    _, after = figure_svg("due-forecast", {"a": 1})
    assert before != after


def test_old_figures_make_room(drawn: list[bytes], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(rendering, "KEPT", 3)
    for number in range(10):
        figure_svg("due-forecast", {"a": number})
    assert len(list((settings.DATA_DIR / "figures").glob("*.svg"))) == 3
    assert not list((settings.DATA_DIR / "figures").glob("*.part"))


def test_a_drawing_that_fails_is_said_and_leaves_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FigureUnavailable):
        figure_svg("no-such-figure", {"title": "", "description": ""})
    assert "KeyError" in caplog.text
    assert not list((settings.DATA_DIR / "figures").glob("*.svg"))


def test_many_at_once_draw_one_at_a_time_and_keep_no_more_than_two_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, proceed = threading.Event(), threading.Event()
    running, most = 0, 0

    def draw(request: bytes) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        drawing.set()
        assert proceed.wait(10)
        running -= 1
        return b"<svg/>"

    monkeypatch.setattr(rendering, "_draw", draw)
    results: list[bytes] = []

    def ask(number: int) -> None:
        results.append(figure_svg("due-forecast", {"a": number})[0])

    first = threading.Thread(target=ask, args=(1,))
    first.start()
    assert drawing.wait(10)
    with rendering._waiting, pytest.raises(FigureUnavailable):
        figure_svg("due-forecast", {"a": 3})
    second = threading.Thread(target=ask, args=(2,))
    second.start()
    proceed.set()
    first.join(10)
    second.join(10)
    assert (len(results), most) == (2, 1)
