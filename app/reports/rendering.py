"""Figures from a process of their own, kept on disk by what they show."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

DRAWING = Path(__file__).with_name("figures.py")
# A figure has four variants of some twenty kilobytes: this keeps the dashboards of fifty projects.
KEPT = 200
SECONDS = 20
# A drawing takes a core for half a second. The rest of the threads go on answering pages.
_waiting = BoundedSemaphore(2)


class FigureUnavailable(Exception):
    """The figure could not be drawn; the page has its numbers in a table."""


def figure_svg(name: str, data: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return a figure's SVG, and a digest that changes when it would look different.

    Args:
        name: a key of `reports.figures.FIGURES`.
        data: what that figure takes.

    Raises:
        FigureUnavailable: it failed, or too many are being drawn at the moment.
    """
    request = json.dumps({"figure": name, "data": data}, sort_keys=True).encode()
    digest = hashlib.sha256(b"\0".join((DRAWING.read_bytes(), version("matplotlib").encode(), request))).hexdigest()
    path = _folder() / f"{digest}.svg"
    if not path.exists():
        with _turn():
            # Somebody may have drawn it while this one waited.
            if not path.exists():
                _keep(path, _draw(request))
    return path.read_bytes(), digest


def _draw(request: bytes) -> bytes:
    environment = {
        "PATH": os.defpath,
        "MPLCONFIGDIR": str(_folder() / "matplotlib"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reports.figures"],
            input=request,
            capture_output=True,
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        logger.error("A figure could not be drawn: %s %s", error, said.decode(errors="replace")[-2000:])  # noqa: TRY400
        raise FigureUnavailable from error
    return done.stdout


@contextmanager
def _turn() -> Iterator[None]:
    """Let one drawing run at a time, over all processes, and let few wait for it."""
    if not _waiting.acquire(blocking=False):
        raise FigureUnavailable
    try:
        with (_folder() / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    finally:
        _waiting.release()


def _keep(path: Path, svg: bytes) -> None:
    """Store a figure whole or not at all, and forget the oldest ones."""
    part = path.with_suffix(".part")
    part.write_bytes(svg)
    part.replace(path)
    figures = sorted(_folder().glob("*.svg"), key=lambda figure: figure.stat().st_mtime, reverse=True)
    for old in figures[KEPT:]:
        old.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
