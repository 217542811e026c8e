"""What bringing a register in costs, rules, occurrences, audit trail and search included; and taking it out again.

Usage: python -m bench.imports ROWS
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bench.words import WORDS

HEADER = [
    "project__name",
    "primary__environmental__mechanism",
    "procedure",
    "environmental__aspect",
    "obligation__number",
    "obligation",
    "accountability",
    "responsibility",
    "project_phase",
    "action__due_date",
    "close__out__date",
    "status",
    "supporting__information",
    "general__comments",
    "compliance__comments",
    "non_conformance__comments",
    "evidence",
    "person_email",
    "recurring__obligation",
    "recurring__frequency",
    "recurring__status",
    "recurring__forcasted__date",
    "inspection",
    "inspection__frequency",
    "site_or__desktop",
    "new__control__action_required",
    "obligation_type",
    "gap__analysis",
    "notes_for__gap__analysis",
]
MANAGE = [sys.executable, "manage.py"]


def main(rows: int) -> None:
    folder = Path(os.environ["ENSSOL_DATA_DIR"])
    register, again = folder / "register.csv", folder / "again.csv"
    _write(register, rows)
    _manage("migrate", "--verbosity", "0")
    subprocess.run(  # noqa: S603 - our own command
        [*MANAGE, "create_admin", "bench@example.com", "--organisation", "Bench"],
        input="a sentence that is long enough\n",
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    imported = _used("import_register", str(register), "--project", "BENCH")
    exported = _used("export_register", "--project", "BENCH", str(again))
    figures = {"cpu": imported.ru_utime + imported.ru_stime, "memory": _megabytes(imported)}
    print(json.dumps(figures | {"export_memory": _megabytes(exported)}))


def _write(path: Path, rows: int) -> None:
    """Write a register whose shape is that of a real one: a twelfth recurs, a third has a date."""
    random = Random(1)  # noqa: S311 - a register, not a secret
    start = date(2026, 12, 1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            recurs, dated = n % 12 == 0, n % 3 == 0
            values = dict.fromkeys(HEADER, "") | {
                "project__name": "Bench",
                "primary__environmental__mechanism": f"Plan {n % 12}",
                "procedure": f"Procedure {n % 9}",
                "environmental__aspect": f"Aspect {n % 20}",
                "obligation__number": f"PCEMP-{n + 1}",
                "obligation": " ".join(random.choices(WORDS, k=45)),
                "accountability": "Bench Pty Ltd",
                "responsibility": f"Role {n % 8}",
                "project_phase": "Construction",
                "action__due_date": str(start + timedelta(days=n % 300)) if dated else "",
                "status": "not started",
                "compliance__comments": " ".join(random.choices(WORDS, k=12)),
                "recurring__obligation": "True" if recurs else "False",
                "recurring__frequency": ("Annually", "Quarterly", "Monthly")[n // 12 % 3] if recurs else "",
                "inspection": "True" if n % 5 < 3 else "False",
                "inspection__frequency": "Weekly" if n % 5 < 3 else "",
                "obligation_type": "Monitoring",
            }
            writer.writerow([values[name] for name in HEADER])


def _manage(*arguments: str) -> None:
    subprocess.run([*MANAGE, *arguments], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own command


def _used(*arguments: str) -> resource.struct_rusage:
    """Run a command and return what it used itself."""
    child = subprocess.Popen([*MANAGE, *arguments], stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"manage.py {' '.join(arguments)} failed")
    return used


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
