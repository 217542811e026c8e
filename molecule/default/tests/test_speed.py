"""What a configuration that changes nothing costs, and that the faster way comes to the same end."""

from __future__ import annotations

import re

import pytest
from test_lockout import configure

TASKS_AT_MOST = 60


def recap() -> dict[str, dict[str, int]]:
    """Run configure.yml; return the counts of each host."""
    done = configure()
    assert done.returncode == 0, done.stdout
    lines = re.findall(r"^(\S+) +: (ok=.*)$", done.stdout, flags=re.MULTILINE)
    return {name: {key: int(count) for key, count in re.findall(r"(\w+)=(\d+)", counts)} for name, counts in lines}


def test_nothing_to_do_takes_few_tasks_and_mitogen_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_STRATEGY", "linear")
    plain = recap()
    [host] = plain.keys() - {"localhost"}
    assert plain[host]["changed"] == 0
    assert plain[host]["ok"] <= TASKS_AT_MOST
    monkeypatch.setenv("ANSIBLE_STRATEGY", "mitogen_linear")
    assert recap() == plain
