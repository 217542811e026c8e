"""The cache of figures: drawn once, kept whole, never without bound, and never in the way of a page."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports import rendering
from reports.rendering import Drawing, FigureUnavailable, draw_ahead, picture_of

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the drawing by one that costs nothing and is counted."""
    requests: list[str] = []

    def draw(batch: Sequence[str]) -> Iterator[str]:
        requests.extend(batch)
        yield from (f"<svg>{request}</svg>" for request in batch)

    monkeypatch.setattr(rendering, "_draw", draw)
    return requests


def _drawing(number: int) -> Drawing:
    return Drawing("columns", {"a": number})


def _renderer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Let the process that draws be one that does something else."""
    program = tmp_path / "renderer"
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def _kept(settings: Settings) -> list[Path]:
    return list((settings.DATA_DIR / "figures").glob("*.svg"))


def test_a_figure_is_drawn_once_for_the_same_numbers(drawn: list[str]) -> None:
    first = picture_of(_drawing(1))
    assert picture_of(_drawing(1)) == first
    assert len(drawn) == 1
    assert _drawing(2).digest != _drawing(1).digest
    assert picture_of(_drawing(2)) != first
    assert len(drawn) == 2


def test_a_changed_drawing_is_drawn_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = _drawing(1).digest
    changed = tmp_path / "figures.py"
    changed.write_text("# another look")
    monkeypatch.setattr(rendering, "DRAWING", (changed,))
    assert before != _drawing(1).digest


def test_old_figures_make_room(drawn: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(rendering, "KEPT", 3)
    for number in range(10):
        picture_of(_drawing(number))
    assert len(_kept(settings)) == 3
    assert not list((settings.DATA_DIR / "figures").glob("*.part"))


def test_a_drawing_that_fails_is_said_and_leaves_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FigureUnavailable):
        picture_of(Drawing("no-such-figure", {"title": "", "description": ""}))
    assert "KeyError" in caplog.text
    assert not _kept(settings)


@pytest.mark.parametrize(
    "script",
    [
        "import os; os.kill(os.getpid(), 9)",
        "raise SystemExit(3)",
        "print('no JSON')",
        "print('[]')",
        "print('{\"a\": 1}')",
        "print('\"<svg>cut off\"')",
        "print('\"<svg></svg>\"', end='')",
        "print('null')",
        "import sys; sys.stdout.buffer.write(bytes(range(256)))",
    ],
    ids=["killed", "fails", "words", "a list", "an object", "cut off", "no whole line", "nothing", "bytes"],
)
def test_a_renderer_that_dies_or_writes_rubbish_leaves_no_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings, script: str
) -> None:
    _renderer(monkeypatch, tmp_path, script)
    with pytest.raises(FigureUnavailable):
        picture_of(_drawing(1))
    assert not _kept(settings)


def test_a_renderer_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    monkeypatch.setattr(rendering, "SECONDS", 0.2)
    _renderer(monkeypatch, tmp_path, "import signal; signal.pause()")
    with pytest.raises(FigureUnavailable):
        picture_of(_drawing(1))
    assert not _kept(settings)


def test_what_succeeded_beside_a_failure_is_kept(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(rendering, "_draw", lambda batch: (svg for svg in ["", *("<svg/>" for _ in batch[1:])]))
    with pytest.raises(FigureUnavailable):
        rendering._draw_missing([_drawing(1), _drawing(2)])
    assert [path.stem for path in _kept(settings)] == [_drawing(2).digest]


def test_each_picture_is_kept_as_it_comes_and_a_drawing_that_is_ended_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    _renderer(monkeypatch, tmp_path, "import os; print('\"<svg>1</svg>\"', flush=True); os.kill(os.getpid(), 9)")
    several = [_drawing(number) for number in range(3)]
    with pytest.raises(FigureUnavailable):
        rendering._draw_missing(several)
    assert [one.is_kept for one in several] == [True, False, False]
    # Only the one that was being drawn rests.
    assert [one.failed for one in several] == [False, True, False]


class _Later:
    """Stands for the thread that draws: it does so when it is told."""

    def __init__(self) -> None:
        self.todo: list[tuple[Any, Any]] = []

    def submit(self, act: Any, argument: Any) -> None:
        self.todo.append((act, argument))

    def run(self) -> None:
        while self.todo:
            act, argument = self.todo.pop(0)
            act(argument)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> _Later:
    background = _Later()
    monkeypatch.setattr(rendering, "_background", background)
    monkeypatch.setattr(rendering, "_pending", set())
    return background


def test_figures_are_drawn_ahead_once_in_one_process(later: _Later, drawn: list[str]) -> None:
    several = [_drawing(number) for number in range(5)]
    draw_ahead(several)
    draw_ahead(several)
    assert not any(one.is_kept for one in several)
    later.run()
    assert all(one.is_kept for one in several)
    assert [json.loads(request)["data"]["a"] for request in drawn] == [0, 1, 2, 3, 4]
    draw_ahead(several)
    assert not later.todo


def test_the_same_figure_in_another_place_is_drawn_there(
    later: _Later, drawn: list[str], settings: Settings, tmp_path: Path
) -> None:
    draw_ahead([_drawing(1)])
    settings.DATA_DIR = tmp_path / "elsewhere"
    draw_ahead([_drawing(1)])
    later.run()
    assert len(drawn) == 2
    assert _drawing(1).is_kept


def test_no_more_wait_than_the_bound_and_a_failure_is_tried_again_after_a_rest(
    later: _Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "PENDING", 3)
    monkeypatch.setattr(rendering, "_draw", lambda batch: ("" for _ in batch))
    draw_ahead(_drawing(number) for number in range(3))
    draw_ahead([_drawing(4)])
    assert len(later.todo) == 1
    later.run()
    assert _drawing(1).failed
    draw_ahead([_drawing(1)])
    assert not later.todo
    monkeypatch.setattr(rendering, "REST", 0)
    draw_ahead([_drawing(1)])
    assert len(later.todo) == 1


def test_many_at_once_draw_one_at_a_time_and_keep_no_more_than_two_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, proceed = threading.Event(), threading.Event()
    running, most = 0, 0

    def draw(batch: Sequence[str]) -> Iterator[str]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        drawing.set()
        assert proceed.wait(60)
        running -= 1
        yield from ("<svg/>" for _ in batch)

    monkeypatch.setattr(rendering, "_draw", draw)
    results: list[bytes] = []

    def ask(number: int) -> None:
        results.append(picture_of(_drawing(number)))

    first = threading.Thread(target=ask, args=(1,))
    first.start()
    assert drawing.wait(60)
    with rendering._waiting, pytest.raises(FigureUnavailable):
        picture_of(_drawing(3))
    second = threading.Thread(target=ask, args=(2,))
    second.start()
    proceed.set()
    first.join(60)
    second.join(60)
    assert (len(results), most) == (2, 1)
