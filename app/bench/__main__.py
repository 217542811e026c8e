"""make bench: what the app costs with a large register, as ratios to what it costs with a small one in the same run.

Each register is made and measured in a process of its own, on a database of its own. Costs are CPU seconds, so that
whatever else the machine does counts little; the reference and the large register take turns.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from math import inf, isfinite
from pathlib import Path
from typing import Any

from bench.document import Line, write
from bench.running import APP, measured

RESULTS = APP.parent / ".local" / "bench.json"

SMALL, MEDIUM, LARGE, MANY = 280, 10_000, 100_000, 5
SLOWER = 1.3
REPORTED, REPORT_COMPUTED, REPORT_CPU, REPORT_MEMORY, BESIDE = 2_000, 2.0, 15.0, 200.0, 2.0
TIMES_THE_YARDSTICK = {"sign-in page": 1.0, "obligation page": 1.5, "register of 50 rows": 2.0, "dashboard": 2.0}
TIMES_THE_YARDSTICK |= {"save": 2.5}
# The first look after a change makes what the next ones are given. Nothing is asked of it but to be known.
TIMES_THE_YARDSTICK |= {"obligation page, made anew": inf, "register of 50 rows, made anew": inf}
IDLE_MEMORY, WORKED_MEMORY = 75.0, 95.0
COLD_REQUESTS, COLD_BYTES, WARM_REQUESTS, WARM_BYTES, PAINT = 8, 80.0, 1, 12.0, 1.0
IMPORT_CPU, IMPORT_MEMORY = 0.6, 150.0
KILLS = 200
DATABASE, EVIDENCE, RESTORE_SECONDS, BACKUP_MEMORY = 100, 1000, 300.0, 100.0


def main() -> int:
    """Measure, print a table, write the results and `docs/performance.md`; 1 if a goal was missed."""
    rows = int(os.environ.get("ENSSOL_BENCH_ROWS", LARGE))
    with tempfile.TemporaryDirectory(prefix="enssol-bench-") as folder:
        small = measured(Path(folder, "small"), "bench.pages", "one", str(SMALL), str(MANY))
        medium = measured(Path(folder, "medium"), "bench.pages", "one", str(MEDIUM), str(MANY))
        one = measured(Path(folder, "one"), "bench.pages", "one", str(rows), str(MANY))
        many = measured(Path(folder, "many"), "bench.pages", "many", str(rows), str(MANY))
        brought_in = measured(Path(folder, "import"), "bench.imports", str(rows))
        writers = measured(Path(folder, "writers"), "bench.writers")
        killed = measured(Path(folder, "kills"), "bench.kills", str(KILLS))
        restored = measured(Path(folder, "restore"), "bench.restores", str(DATABASE), str(EVIDENCE))
        served = measured(Path(folder, "served"), "bench.served", str(SMALL))
        first = measured(Path(folder, "first"), "bench.first_look", str(SMALL))
        report = measured(Path(folder, "report"), "bench.reports", str(REPORTED))
    lines = [
        *_served(served),
        _plain("cold dashboard, requests", first["cold"]["requests"], "", COLD_REQUESTS),
        _plain("cold dashboard, bytes", first["cold"]["bytes"] / 1000, "KB", COLD_BYTES),
        _plain("warm dashboard, requests", first["warm"]["requests"], "", WARM_REQUESTS),
        _plain("warm dashboard, bytes", first["warm"]["bytes"] / 1000, "KB", WARM_BYTES),
        _plain("first contentful paint on a slow phone", first["paint"], "s", PAINT),
        *_compared(f"one project of {MEDIUM:,}", medium, small),
        *_compared(f"one project of {rows:,}", one, small),
        *_compared(f"{rows:,} in projects of {SMALL}", many, small),
        _plain("import, per 1,000 rows", brought_in["cpu"] / rows * 1000, "CPU s", IMPORT_CPU),
        _plain("import, peak memory", brought_in["memory"], "MB", IMPORT_MEMORY),
        _plain("export, peak memory", brought_in["export_memory"], "MB", IMPORT_MEMORY),
        _plain(f"report over {REPORTED:,}, computed and frozen", report["computed"], "CPU s", REPORT_COMPUTED),
        _plain(f"report over {REPORTED:,}, documents", report["cpu"], "CPU s", REPORT_CPU),
        _plain(f"report over {REPORTED:,}, peak memory", report["memory"], "MB", REPORT_MEMORY),
        _plain("register's page beside it, to alone", report["beside"] / report["alone"], "times", BESIDE),
        _plain("four writers, refused or lost", writers["failed"], "writes", 0),
        _plain(f"{KILLS} kills, lost or doubled", killed["lost"] + killed["doubled"], "writes", 0),
        _plain(f"{KILLS} kills, file or trail broken", killed["broken"], "times", 0),
        _plain(f"restore of {DATABASE} MB and 1 GB evidence", restored["restore_seconds"], "s", RESTORE_SECONDS),
        _plain("restore of them, peak memory", restored["restore_memory"], "MB", BACKUP_MEMORY),
        _plain("backup of them, peak memory", restored["backup_memory"], "MB", BACKUP_MEMORY),
    ]
    _print(lines)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    # JSON has no infinity.
    told = [line._asdict() | {"goal": line.goal if isfinite(line.goal) else None} for line in lines]
    RESULTS.write_text(json.dumps(told, indent=2) + "\n")
    write(lines, served["pages"])
    return 0 if all(line.ok for line in lines) else 1


def _compared(what: str, large: dict[str, Any], small: dict[str, Any]) -> list[Line]:
    lines = []
    for name, reference in small["cpu"].items():
        value = large["cpu"][name]
        ratio = value / reference
        more = large["queries"].get(name, 0) - small["queries"].get(name, 0)
        told = f"{name}, {what}" + (f" ({more:+d} queries)" if more else "")
        lines.append(Line(told, value * 1000, "CPU ms", reference * 1000, ratio, SLOWER, ratio <= SLOWER and not more))
    return lines


def _served(served: dict[str, Any]) -> list[Line]:
    yardstick = served["pages"]["yardstick"]["cpu"]
    lines = []
    for page, goal in TIMES_THE_YARDSTICK.items():
        cpu = served["pages"][page]["cpu"]
        told = f"{page}, to a bare Django's 50 rows"
        lines.append(Line(told, cpu * 1000, "CPU ms", yardstick * 1000, cpu / yardstick, goal, cpu / yardstick <= goal))
    lines.append(_plain("gunicorn after its start", served["idle"], "MB", IDLE_MEMORY))
    lines.append(_plain("gunicorn after 5,000 requests", served["worked"], "MB", WORKED_MEMORY))
    return lines


def _plain(name: str, value: float, unit: str, goal: float) -> Line:
    return Line(name, value, unit, None, None, goal, value <= goal)


def _print(lines: list[Line]) -> None:
    print(f"{'':<52}{'value':>10} {'unit':<7}{'reference':>10}{'ratio':>7}{'goal':>7}")
    for line in lines:
        reference = f"{line.reference:.1f}" if line.reference is not None else ""
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        mark = "" if line.ok else "  MISSED"
        print(f"{line.name:<52}{line.value:>10.2f} {line.unit:<7}{reference:>10}{ratio:>7}{line.goal_told:>7}{mark}")


if __name__ == "__main__":
    sys.exit(main())
