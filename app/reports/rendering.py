"""Figures from a process of their own, kept on disk by what they show."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

DRAWING = Path(__file__).with_name("figures.py")
# A dashboard has five figures of four variants, some ten kilobytes each: this keeps those of twenty projects.
KEPT = 400
# For each figure: half a second of a core, of which a small host has a twentieth, and once for loading the library.
SECONDS = 20
# A drawing takes a core for half a second. The rest of the threads go on answering pages.
_waiting = BoundedSemaphore(2)
# What is drawn ahead waits here, not in a thread that could answer a page.
PENDING = 100
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="figures")
_pending: set[str] = set()
_pending_lock = Lock()


class FigureUnavailable(Exception):
    """The figure could not be drawn; the page has its numbers in a table."""


class Drawing:
    """One variant of a figure, and where it is kept.

    Args:
        kind: a key of `reports.figures.FIGURES`.
        data: what that figure takes.
    """

    def __init__(self, kind: str, data: Mapping[str, Any]) -> None:
        self.request = json.dumps({"figure": kind, "data": data}, sort_keys=True)
        self.digest = hashlib.sha256(b"\0".join((_look(DRAWING), self.request.encode()))).hexdigest()
        self.path = _folder() / f"{self.digest}.svg"

    @property
    def is_kept(self) -> bool:
        return self.path.exists()


@cache
def _look(drawing: Path) -> bytes:
    """Return what, beside the data, changes how a figure looks."""
    return drawing.read_bytes() + version("matplotlib").encode()


def figure_svg(drawing: Drawing) -> bytes:
    """Return a figure's SVG, drawn now if it was not yet.

    Raises:
        FigureUnavailable: it failed, or too many are being drawn at the moment.
    """
    # Read rather than asked for: what is kept may make room at any moment.
    with suppress(FileNotFoundError):
        return drawing.path.read_bytes()
    if not _waiting.acquire(blocking=False):
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
    """Have what is missing drawn, in one process, without waiting for it."""
    with _pending_lock:
        todo = [one for one in drawings if one.digest not in _pending and not one.is_kept]
        if not todo or len(_pending) + len(todo) > PENDING:
            return
        _pending.update(one.digest for one in todo)
    _background.submit(_ahead, todo)


def _ahead(drawings: Sequence[Drawing]) -> None:
    try:
        with _turn():
            _draw_missing(drawings)
    except (FigureUnavailable, OSError) as error:
        logger.warning("Figures could not be drawn ahead: %s", error)
    finally:
        with _pending_lock:
            _pending.difference_update(one.digest for one in drawings)


def _draw_missing(drawings: Sequence[Drawing]) -> None:
    # Somebody may have drawn them while this one waited.
    missing = [one for one in drawings if not one.is_kept]
    if not missing:
        return
    pictures = _draw([one.request for one in missing])
    for one, svg in zip(missing, pictures, strict=True):
        if svg:
            _keep(one.path, svg)
    _make_room()
    if not all(pictures):
        raise FigureUnavailable


def _draw(requests: Sequence[str]) -> list[str]:
    """Return the SVG of each request, empty for one that failed, from a process of its own."""
    environment = {
        "PATH": os.defpath,
        "MPLCONFIGDIR": str(_folder() / "matplotlib"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    said = b""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reports.figures"],
            input=f"[{','.join(requests)}]".encode(),
            capture_output=True,
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=SECONDS * len(requests),
            check=True,
        )
        said = done.stderr
        pictures = _read(done.stdout, len(requests))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", None) or said
        logger.error("A figure could not be drawn: %s %s", error, said.decode(errors="replace")[-2000:])  # noqa: TRY400
        raise FigureUnavailable from error
    if not all(pictures):
        logger.error("A figure could not be drawn: %s", said.decode(errors="replace")[-2000:])
    return pictures


def _read(output: bytes, number: int) -> list[str]:
    """Return the pictures that a drawing process wrote, empty for what is none.

    Raises:
        ValueError: it wrote something else.
    """
    pictures = json.loads(output)
    if not isinstance(pictures, list) or len(pictures) != number:
        raise ValueError(f"{number} figures were asked for, and something else came.")
    return [one if isinstance(one, str) and one.rstrip().endswith("</svg>") else "" for one in pictures]


@contextmanager
def _turn() -> Iterator[None]:
    """Let one drawing run at a time, over all processes."""
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(path: Path, svg: str) -> None:
    """Store a figure whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(svg, encoding="utf-8")
    part.replace(path)


def _make_room() -> None:
    figures = sorted(_folder().glob("*.svg"), key=lambda figure: figure.stat().st_mtime, reverse=True)
    for old in figures[KEPT:]:
        old.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
