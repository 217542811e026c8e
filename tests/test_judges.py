"""How what the outside judges find is held against its goals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent / "host"))
import judge

SETTINGS = yaml.safe_load((Path(judge.__file__).parent / "judges.yml").read_text())


@pytest.mark.parametrize(
    ("goal", "met", "not_met"),
    [({"at_least": 85}, 85, 84), ({"at_most": 0}, 0, 1), ({"is": "80 443"}, "80 443", "22 80 443")],
)
def test_a_goal_is_met_or_missed(goal: dict[str, Any], met: Any, not_met: Any) -> None:
    assert judge.missed(goal, met) == ""
    assert judge.missed(goal, not_met)
    assert judge.missed(goal, None).startswith("not found")


def test_one_missed_goal_fails_the_whole_and_is_named() -> None:
    figures: list[dict[str, Any]] = [
        {"name": "lynis", "what": "index", "goal": {"at_least": 85}, "dev_sec": 75},
        {"name": "ports", "what": "open", "goal": {"is": "80 443"}},
    ]
    lines, good = judge.table(figures, {"lynis": 60}, {"lynis": 85, "ports": "80 443"})
    assert good
    assert lines[1].split()[:4] == ["lynis", "60", "85", "75"]
    lines, good = judge.table(figures, {}, {"lynis": 84, "ports": "80 443"})
    assert not good
    assert "MISSED: at least 85" in lines[1]


def test_a_judge_of_another_version_is_refused() -> None:
    with pytest.raises(judge.JudgeError, match=r"dpkg is \S+, and judges.yml holds the goals for 0.0"):
        judge.check_versions({"dpkg": "0.0"})


def test_what_meets_a_goal_is_no_worse_than_the_peer() -> None:
    for figure in SETTINGS["figures"]:
        if "dev_sec" in figure and "is" not in figure["goal"]:
            ((kind, wanted),) = figure["goal"].items()
            assert not judge.missed({kind: figure["dev_sec"]}, wanted), figure["name"]


def test_each_rule_that_may_fail_has_its_reason() -> None:
    assert all(len(reason) > 40 for reason in SETTINGS["openscap_reasons"].values())
