"""Figures from a process of their own, kept on disk by what they show."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from typing import IO, Any, cast

from django.conf import settings

logger = logging.getLogger(__name__)

DRAWING = tuple(Path(__file__).with_name(f"{name}.py") for name in ("figures", "figure_parts", "figures_in_time"))
PNG = "data:image/png;base64,"
# A project has nine figures of four variants, some ten kilobytes each: this keeps those of thirty.
KEPT = 1100
# For each picture: half a second of a core, of which a small busy host has a fiftieth. What was drawn before is kept.
SECONDS = 60
# So long what failed is not drawn again, however often a page asks.
REST = 60
# A drawing takes a core for half a second. The rest of the threads go on answering pages.
_waiting = BoundedSemaphore(2)
# What is drawn ahead waits here, not in a thread that could answer a page.
PENDING = 100
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="figures")
_pending: set[Path] = set()
_failed: dict[Path, float] = {}
_pending_lock = Lock()


class FigureUnavailable(Exception):
    """The figure could not be drawn; the page has its numbers in a table."""


class Drawing:
    """One variant of a figure, and where it is kept.

    Args:
        kind: a key of `reports.figures.FIGURES`.
        data: what that figure takes.
        form: svg or png.
    """

    def __init__(self, kind: str, data: Mapping[str, Any], form: str = "svg") -> None:
        self.request = json.dumps({"figure": kind, "data": data, "form": form}, sort_keys=True)
        self.digest = hashlib.sha256(b"\0".join((_look(DRAWING), self.request.encode()))).hexdigest()
        self.path = _folder() / f"{self.digest}.{form}"

    @property
    def is_kept(self) -> bool:
        return self.path.exists()

    @property
    def failed(self) -> bool:
        """Whether drawing it came to nothing a moment ago."""
        return _failed.get(self.path, -REST) + REST > time.monotonic()


@cache
def _look(drawing: tuple[Path, ...]) -> bytes:
    """Return what, beside the data, changes how a figure looks."""
    return b"".join(path.read_bytes() for path in drawing) + version("matplotlib").encode()


def picture_of(drawing: Drawing) -> bytes:
    """Return a figure's SVG or PNG, drawn now if it was not yet.

    Raises:
        FigureUnavailable: it failed now or a moment ago, or too many are being drawn at the moment.
    """
    # Read rather than asked for: what is kept may make room at any moment.
    with suppress(FileNotFoundError):
        return drawing.path.read_bytes()
    if drawing.failed or not _waiting.acquire(blocking=False):
        raise FigureUnavailable
    try:
        with _turn():
            _draw_missing([drawing])
        return drawing.path.read_bytes()
    except OSError as error:
        raise FigureUnavailable from error
    finally:
        _waiting.release()


def draw_ahead(drawings: Iterable[Drawing]) -> None:
    """Have what is missing drawn, in one process, without waiting for it; it may be asked for again and again."""
    with _pending_lock:
        todo = [one for one in drawings if one.path not in _pending and not one.is_kept and not one.failed]
        if not todo or len(_pending) + len(todo) > PENDING:
            return
        _pending.update(one.path for one in todo)
    _background.submit(_ahead, todo)


def _ahead(drawings: Sequence[Drawing]) -> None:
    try:
        with _turn():
            _draw_missing(drawings)
    except (FigureUnavailable, OSError) as error:
        logger.warning("Figures could not be drawn ahead: %s", error)
    finally:
        with _pending_lock:
            _pending.difference_update(one.path for one in drawings)


def _draw_missing(drawings: Sequence[Drawing]) -> None:
    # Somebody may have drawn them while this one waited.
    missing = [one for one in drawings if not one.is_kept]
    if not missing:
        return
    try:
        with closing(_draw([one.request for one in missing])) as pictures:
            drawn = [_keep_next(pictures, one) for one in missing]
    finally:
        _make_room()
    if not all(drawn):
        raise FigureUnavailable


def _keep_next(pictures: Iterator[str], drawing: Drawing) -> bool:
    """Keep a picture as it comes: on a slow machine the first is looked at while the last is drawn."""
    svg = ""
    try:
        svg = next(pictures)
    finally:
        # The one at which the process ends rests, too, so that the others have their turn.
        if not svg:
            _rest(drawing)
    if svg:
        _keep(drawing.path, svg)
        _failed.pop(drawing.path, None)
    return bool(svg)


def _rest(drawing: Drawing) -> None:
    if len(_failed) > PENDING:
        _failed.clear()
    _failed[drawing.path] = time.monotonic()


def _draw(requests: Sequence[str]) -> Generator[str, None, None]:
    """Yield the SVG of each request, empty for one that failed, from a process of its own, as it is drawn.

    Raises:
        FigureUnavailable: the process ended, took too long or wrote something else before all were drawn.
    """
    environment = {
        "PATH": os.defpath,
        "MPLCONFIGDIR": str(_folder() / "matplotlib"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(f"[{','.join(requests)}]".encode())
        asked.seek(0)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "reports.figures"],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=settings.BASE_DIR,
                env=environment,
            )
            yield from _pictures(process, len(requests))
        except (OSError, ValueError) as error:
            logger.error("Drawing ended early: %s", error)  # noqa: TRY400 - the trace is that of this side
            raise FigureUnavailable from error
        finally:
            if words := _last_of(said):
                logger.error("A figure could not be drawn: %s", words)


def _pictures(process: subprocess.Popen[bytes], number: int) -> Iterator[str]:
    """Yield what a process that draws writes, a line a picture, and end it with the last or when nobody wants more.

    Raises:
        ValueError: it ended, took too long or wrote something else.
    """
    lines = cast("IO[bytes]", process.stdout)
    with process:
        try:
            for _ in range(number):
                with _ended_after(process, SECONDS):
                    line = lines.readline()
                picture = json.loads(line) if line.endswith(b"\n") else line
                if not (picture is None or isinstance(picture, str)):
                    raise ValueError("It was ended, or wrote something else.")
                yield picture if picture and _is_whole(picture) else ""
        finally:
            process.kill()


def _is_whole(picture: str) -> bool:
    return picture.rstrip().endswith("</svg>") or picture.startswith(PNG)


@contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _last_of(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace")[-2000:]


@contextmanager
def _turn() -> Iterator[None]:
    """Let one drawing run at a time, over all processes."""
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(path: Path, picture: str) -> None:
    """Store a figure whole or not at all."""
    part = path.with_suffix(".part")
    part.write_bytes(base64.b64decode(picture[len(PNG) :]) if picture.startswith(PNG) else picture.encode())
    part.replace(path)


def _make_room() -> None:
    figures = sorted(
        (path for path in _folder().iterdir() if path.suffix in {".svg", ".png"}),
        key=lambda figure: figure.stat().st_mtime,
        reverse=True,
    )
    for old in figures[KEPT:]:
        old.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
