"""What pages cost as they are served: gunicorn as in production, beside a yardstick that takes turns with it.

Usage: python -m bench.served OBLIGATIONS
Prints for each page the worker's CPU time a request, the waits, the bytes; and the memory of gunicorn.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROUNDS, REQUESTS = 7, 30
MIXED = 5_000
ANEW = ", made anew"
SAVE = "save"
TICKS = os.sysconf("SC_CLK_TCK")
SITES = {
    "app": ("config.settings", "config.wsgi"),
    "compressed": ("bench.compressed", "config.wsgi"),
    "reference": ("bench.reference.settings", "bench.reference.wsgi"),
}


@dataclass
class Served:
    """A site that answers, and who asks it."""

    master: int
    port: int
    cookie: str
    pages: dict[str, str]
    waits: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    looks: Iterator[int] = field(default_factory=count)
    save: dict[str, Any] = field(default_factory=dict)
    saves: Iterator[int] = field(default_factory=count)

    def ask(self, page: str) -> float:
        """Ask for a page, or save an obligation; return the seconds until the answer was there whole."""
        if page == SAVE:
            return self._send("POST", self.save["address"], 302, page, self._changed())
        # An address that nobody asked for yet has nothing kept: what the first look after a change costs.
        path = f"{self.pages[page]}?look={next(self.looks)}" if page.endswith(ANEW) else self.pages[page]
        return self._send("GET", path, 200, page)

    def _changed(self) -> str:
        """Return an obligation's form with other comments than the last time."""
        saved = next(self.saves)
        fields = self.save["fields"]
        return urlencode(fields | {"version": fields["version"] + saved, "general_comments": f"Saved {saved}"})

    def _send(self, method: str, path: str, status: int, page: str, body: str | None = None) -> float:
        headers = {"Cookie": "" if "sign-in" in page else self.cookie}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        taken = time.perf_counter() - began
        connection.close()
        if answer.status != status:
            raise SystemExit(f"{method} {path} answered {answer.status}")
        self.sizes[page] = len(gzip.compress(told, 6))
        return taken

    def measure(self, page: str) -> None:
        """Ask for a page so often that the clock's ticks count little."""
        before = self.used()
        self.waits.setdefault(page, []).extend(self.ask(page) for _ in range(REQUESTS))
        self.cpu.setdefault(page, []).append((self.used() - before) / REQUESTS)

    def used(self) -> float:
        """Return the CPU seconds of gunicorn's processes so far; what draws figures beside the worker is not theirs."""
        return sum(_cpu(pid) for pid in self.processes())

    def settle(self) -> None:
        """Wait until nothing is drawn beside the worker."""
        while any(_children(pid) for pid in self.processes()[1:]):
            time.sleep(0.1)

    def memory(self) -> float:
        """Return their proportional share of memory in MB."""
        return sum(_pss(pid) for pid in self.processes()) / 1024

    def processes(self) -> list[int]:
        return [self.master, *_children(self.master)]


def main(number: int) -> None:
    """Measure, and print the result as JSON."""
    with served("reference") as reference, served("app", str(number)) as app:
        idle = app.memory()
        for site in (reference, app):
            for page in site.pages:
                site.ask(page)
        app.settle()
        for _ in range(ROUNDS):
            reference.measure("yardstick")
            for page in app.pages:
                app.measure(page)
            app.measure(SAVE)
        pages = list(app.pages)
        for turn in range(MIXED):
            app.ask(pages[turn % len(pages)])
        print(json.dumps({"pages": _figures(app) | _figures(reference), "idle": idle, "worked": app.memory()}))


def _figures(site: Served) -> dict[str, dict[str, float]]:
    found = {}
    for page, cpu in site.cpu.items():
        waits = sorted(site.waits[page])
        found[page] = {
            "cpu": statistics.median(cpu),
            "spread": statistics.pstdev(cpu),
            "p50": waits[len(waits) // 2],
            "p95": waits[len(waits) * 95 // 100],
            "bytes": site.sizes[page],
        }
    return found


@contextmanager
def served(site: str, *arguments: str) -> Iterator[Served]:
    settings, wsgi = SITES[site]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings, "ENSSOL_ALLOWED_HOSTS": "127.0.0.1"}
    # As the unit of systemd has it.
    environment["MALLOC_ARENA_MAX"] = "2"
    seeding = [sys.executable, "-m", "bench.seeding", "reference" if site == "reference" else "app", *arguments]
    seeded = subprocess.run(seeding, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  ours
    told: dict[str, Any] = json.loads(seeded.stdout.splitlines()[-1])
    if site != "reference":
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, env=environment, check=True)  # noqa: S603  ours
    serve = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "--log-level", "error"]
    process = subprocess.Popen([*serve, "--bind", f"127.0.0.1:{port}", wsgi], env=environment)  # noqa: S603  ours
    try:
        _await(process, port)
        yield Served(process.pid, port, told["cookie"], told["pages"], save=told.get("save", {}))
    finally:
        process.terminate()
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("gunicorn did not start")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", maxsplit=1)[1].split()
    # utime and stime: proc(5), fields 14 and 15.
    return sum(int(value) for value in fields[11:13]) / TICKS


def _children(pid: int) -> list[int]:
    # A thread's children are listed apart; a thread may end meanwhile.
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
