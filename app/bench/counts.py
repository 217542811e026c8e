"""What a page costs in numbers that no machine changes: queries, bytes, and instructions as callgrind counts them.

Usage: python -m bench.counts SEEDED
Runs under valgrind, with what `bench.seeding` printed; prints the queries and bytes of each page as JSON, and lets
callgrind write one file for each page that is looked at once.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import django

from bench.running import APP, settings_in

OBLIGATIONS = 280
# What a dashboard costs depends on which of its figures are drawn by then.
PAGES = ("sign-in page", "register of 50 rows", "obligation page")
WARM = 3
ON = "2026-11-23T04:00:00Z"


def measure(folder: Path) -> dict[str, dict[str, int]]:
    """Return queries, bytes and instructions by page.

    Args:
        folder: where the measured site's files go; it is empty.
    """
    # A set that is walked in another order takes other steps.
    environment = settings_in(folder) | {"PYTHONHASHSEED": "0"}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=environment, cwd=APP, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603  ours
        return done.stdout.splitlines()[-1] if done.stdout else ""

    seeded = run(sys.executable, "-m", "bench.seeding", "app", str(OBLIGATIONS))
    run(sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    valgrind = ("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind")
    pages: dict[str, dict[str, int]] = json.loads(run(*valgrind, sys.executable, "-m", "bench.counts", seeded))
    for file in folder.glob("callgrind.*"):
        text = file.read_text()
        page, total = re.search(r"Trigger: dump (.+)", text), re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if page and total and page[1] in pages:
            pages[page[1]]["instructions"] = int(total[1])
    return pages


def main(cookie: str, pages: dict[str, str], **_: Any) -> None:
    """Look at each page a few times, then once for callgrind."""
    import time_machine  # noqa: PLC0415 - a measurement's alone

    django.setup()
    from django.db import connection  # noqa: PLC0415  after setup
    from django.test import Client  # noqa: PLC0415  after setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  after setup

    found = {}
    with time_machine.travel(ON, tick=False):
        for page, address in pages.items():
            if not page.startswith(PAGES):
                continue
            client = Client(HTTP_COOKIE="" if page == "sign-in page" else cookie)
            # An address that nobody asked for yet has nothing kept.
            addresses = [f"{address}?look={look}" if "anew" in page else address for look in range(WARM + 2)]
            for warm in addresses[:WARM]:
                client.get(warm)
            with CaptureQueriesContext(connection) as queries:
                answer: Any = client.get(addresses[WARM])
            found[page] = {"queries": len(queries), "bytes": len(gzip.compress(answer.content, mtime=0))}
            _dump("before")
            client.get(addresses[WARM + 1])
            _dump(page)
    print(json.dumps(found))


def _dump(name: str) -> None:
    """Let callgrind write down what was counted since it last did."""
    subprocess.run(["callgrind_control", "-d", name, str(os.getpid())], stdout=subprocess.DEVNULL, check=True)  # noqa: S603, S607  valgrind's


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
