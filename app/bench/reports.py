"""What a report to a regulator costs over a large register, and how pages answer while its documents are made.

Usage: python -m bench.reports OBLIGATIONS
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

ADDRESS = "/projects/BENCH/register/"
PEEKS, PAUSE = 10, 0.02


def main(number: int) -> None:
    """Measure, and print the result as JSON."""
    django.setup()
    # Models are there only now.
    from accounts.models import Organisation  # noqa: PLC0415  after setup
    from django.conf import settings  # noqa: PLC0415  after setup
    from django.core.management import call_command  # noqa: PLC0415  after setup
    from django.test import Client  # noqa: PLC0415  after setup
    from registers.models import Project  # noqa: PLC0415  after setup
    from reports.statutory import services  # noqa: PLC0415  after setup

    from bench import generating  # noqa: PLC0415  after setup

    settings.STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, code="BENCH", name="Bench")
    generating.register(project, number, 4)
    first, *others = project.mechanisms.order_by("pk")
    # All of them plans under the first, so that one report speaks of everything.
    project.mechanisms.filter(pk__in=[one.pk for one in others]).update(parent=first)
    owner = generating.owner(organisation)
    end = project.today - timedelta(days=1)
    began = time.process_time()
    report = services.report_begin(
        actor=owner,
        project=project,
        mechanism=first,
        layout_key="iso_14001",
        period_start=end - timedelta(days=364),
        period_end=end,
    )
    report = services.report_finalise(actor=owner, report=report)
    computed = time.process_time() - began

    client = Client()
    client.force_login(owner)
    alone = [_seconds(client) for _ in range(15)][5:]
    folder = Path(os.environ["ENSSOL_DATA_DIR"], "documents")
    command = [sys.executable, "manage.py", "generate_report", str(report.pk), "--out", str(folder)]
    before, largest, beside = resource.getrusage(resource.RUSAGE_CHILDREN), 0, []
    process = subprocess.Popen(["/usr/bin/nice", *command], stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    while process.poll() is None:
        # A person's pace: what is measured is how long one waits, not two programs that fight for a processor.
        for _ in range(PEEKS):
            largest = max(largest, _memory(process.pid))
            time.sleep(PAUSE)
        beside.append(_seconds(client))
    if process.returncode:
        raise SystemExit("generate_report failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "computed": computed,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "memory": largest / 1024,
        "alone": statistics.median(alone),
        "beside": statistics.median(beside),
        "volumes": len(list(folder.glob("*.pdf"))),
    }
    print(json.dumps(result))


def _seconds(client: Any) -> float:
    began = time.monotonic()
    answer = client.get(ADDRESS)
    if answer.status_code != 200:
        raise SystemExit(f"{ADDRESS} answered {answer.status_code}")
    return time.monotonic() - began


def _memory(pid: int) -> int:
    """Return the memory in kB that a process and its children take together; what they share counts once."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_share(one) for one in (str(pid), *children))
    except OSError:
        return 0


def _share(pid: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
