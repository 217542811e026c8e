"""docs/performance.md, as the last `make bench` found it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT, DAY = PROJECT / "docs" / "performance.md", PROJECT / ".local" / "day.json"
# CPU ms a page of two public applications took on one core where a bare Django's 50 rows took 5, and MB of memory.
BARE = 5
ELSEWHERE = {
    "the application that this one follows": {"dashboard": 77, "list of 15 rows": 28},
    "an acclaimed small Django application": {"list of 100 rows": 35, "page of one row": 13},
}


class Line(NamedTuple):
    """One measurement beside its reference and its goal; that is infinite where nothing is asked."""

    name: str
    value: float
    unit: str
    reference: float | None
    ratio: float | None
    goal: float
    ok: bool

    @property
    def goal_told(self) -> str:
        return f"{self.goal:g}" if isfinite(self.goal) else ""


def write(lines: list[Line], served: dict[str, dict[str, float]]) -> None:
    """Write the document anew, from all measurements and from what each page cost as it was served."""
    text = [*_text(lines), *_waits(served), *_day(), *_elsewhere()]
    DOCUMENT.write_text("\n".join(text) + "\n", encoding="utf-8")


def _text(lines: list[Line]) -> Iterator[str]:
    yield "# What it costs"
    yield ""
    yield "Written by `make bench`; do not edit. Costs are CPU time of the processes that serve or do the work, so that"
    yield "what else the machine does counts little. A ratio compares with the reference of the same run: a bare Django"
    yield "project with session, user and a table of 50 rows under the same gunicorn, or the same page of a register of"
    yield "280 obligations. A list or an obligation that is opened again in the same state of the register is kept;"
    yield "what is made anew is the first look after a change. The goals of pages are held against the former."
    yield ""
    yield f"Measured on {datetime.now(UTC):%-d %B %Y} on {_machine()}."
    yield ""
    yield "| What | Value | Reference | Ratio | Goal | |"
    yield "|---|---:|---:|---:|---:|---|"
    for line in lines:
        reference = f"{line.reference:.1f}" if line.reference is not None else ""
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        met = "" if line.ok else "missed"
        yield f"| {line.name} | {line.value:.2f} {line.unit} | {reference} | {ratio} | {line.goal_told} | {met} |"


def _waits(served: dict[str, dict[str, float]]) -> Iterator[str]:
    yield ""
    yield "## As served"
    yield ""
    yield "Each page by itself, one request after the other, from gunicorn; bytes are those of the compressed answer."
    yield ""
    yield "| Page | CPU ms | Spread | Half within ms | 95 of 100 within ms | Bytes |"
    yield "|---|---:|---:|---:|---:|---:|"
    for page, cost in served.items():
        times = " | ".join(f"{cost[name] * 1000:.1f}" for name in ("cpu", "spread", "p50", "p95"))
        yield f"| {page} | {times} | {cost['bytes']:,} |"


def _day() -> Iterator[str]:
    """Say what `make bench-host` found, if it was run here."""
    if not DAY.exists():
        return
    day = json.loads(DAY.read_text())
    yield ""
    yield "## A day of 25 people on 512 MB and one core"
    yield ""
    yield "`make bench-host` raises such a guest, asks for all that 25 people ask for in a day (lists, obligations,"
    yield f"dashboards, a save in ten: {day['requests']:,} requests; 25 sign-ins; a report to a regulator with its"
    yield "documents), runs the site's timers, and reckons the first day of a t2.nano by the minute: 3 CPU credits"
    yield "earned an hour, 72 at most, 30 at launch. What backups, metrics and log shipping take is not in it."
    yield ""
    yield "| What | Value | Goal |"
    yield "|---|---:|---:|"
    yield f"| CPU that people's work takes | {day['work']:.0f} s | |"
    yield f"| of it a sign-in, a report with its documents | {day['sign_in']:.2f} s, {day['report']:.2f} s | |"
    yield f"| CPU that the host and its timers take by themselves | {day['own']:.0f} s | |"
    yield f"| CPU that 72 earned credits are | {72 * 60:,} s | |"
    yield f"| credits left at the end of the day | {day['credits']['end']:.1f} of 72 | |"
    yield f"| fewest during it | {day['credits']['fewest']:.1f} | above 0 |"
    yield f"| memory of all processes of the guest, at most | {day['memory']:.0f} MB | 300 MB |"
    yield f"| processes killed for want of memory | {day['out_of_memory']} | 0 |"


def _elsewhere() -> Iterator[str]:
    yield ""
    yield "## Elsewhere"
    yield ""
    yield f"Measured once, on one core where the bare project took {BARE} ms."
    yield ""
    yield "| Whose | Page | CPU ms | Ratio |"
    yield "|---|---|---:|---:|"
    for whose, pages in ELSEWHERE.items():
        for page, cost in pages.items():
            yield f"| {whose} | {page} | {cost} | {cost / BARE:.1f} |"


def _machine() -> str:
    models = [line.partition(":")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    named = models[0].strip() if models else platform.machine()
    return f"{os.cpu_count()} cores of {named}, Python {platform.python_version()}"
