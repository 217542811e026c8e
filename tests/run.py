"""Run every part of the test suite and end with one table and one line of totals.

Each part is a make target with a log of its own under .local/tests/. Two lanes run side by side, because the parts
that drive hosts mostly wait while the parts that compute do not. A part that runs pytest leaves JUnit files named
after itself; one that does not counts as a single test.

Usage: run.py [PART ...]   (default: all)
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".local" / "tests"
LANES = (
    ("lint", "test-repository", "test-app", "test-app-lts"),
    ("test-aws", "test-host", "test-app-postgres"),
)
TAIL_LINES = 60
_print_lock = threading.Lock()


@dataclass
class Part:
    """One make target and what came of it."""

    target: str
    seconds: float = 0.0
    ok: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})

    @property
    def log(self) -> Path:
        return RESULTS / f"{self.target}.log"

    def run(self) -> None:
        """Run the target, keep its output in the log, count its tests."""
        started = time.monotonic()
        with self.log.open("wb") as log:
            command = ["make", "--no-print-directory", self.target]
            done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False)
        self.ok = done.returncode == 0
        self.seconds = time.monotonic() - started
        self._count()
        self._report()

    def _count(self) -> None:
        for path in RESULTS.glob(f"{self.target}.*.xml"):
            for suite in ElementTree.parse(path).getroot().iter("testsuite"):
                failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                skipped = int(suite.get("skipped", 0))
                self.counts["failed"] += failed
                self.counts["skipped"] += skipped
                self.counts["passed"] += int(suite.get("tests", 0)) - failed - skipped
        if self.ok and not any(self.counts.values()):
            self.counts["passed"] = 1
        if not self.ok and not self.counts["failed"]:
            self.counts["failed"] = 1

    def _report(self) -> None:
        with _print_lock:
            print(self.line(), flush=True)
            if not self.ok:
                print("\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]), flush=True)

    def line(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items() if number)
        return f"{self.target:<18} {'ok' if self.ok else 'FAILED':<7} {self.seconds:6.0f} s   {counts}"


def main(wanted: list[str]) -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("*.xml"):
        old.unlink()
    lanes = [[Part(target) for target in lane if not wanted or target in wanted] for lane in LANES]
    started = time.monotonic()
    threads = [threading.Thread(target=lambda lane=lane: [part.run() for part in lane]) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parts = [part for lane in lanes for part in lane]
    print(f"\nAll parts, {(time.monotonic() - started) / 60:.1f} minutes; logs in {os.path.relpath(RESULTS)}/")
    for part in parts:
        print(part.line())
    totals = {name: sum(part.counts[name] for part in parts) for name in ("passed", "failed", "skipped")}
    print("\n" + ", ".join(f"{number} {name}" for name, number in totals.items()))
    return 0 if parts and all(part.ok for part in parts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
