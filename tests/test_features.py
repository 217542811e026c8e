"""The feature table: what it claims is shown by a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FEATURES = (ROOT / "docs" / "features.md").read_text()
OURS = dict(re.findall(r"^\| (\d+) \|.*\| \*\*(.+?)\*\* \|$", FEATURES, flags=re.MULTILINE))
SHOWN: dict[str, list[tuple[str, str]]] = {
    number: re.findall(r"`([^`]+)::([^`]+)`", tests)
    for number, tests in re.findall(r"^- (\d+): (.+)$", FEATURES, flags=re.MULTILINE)
}


def test_every_feature_that_we_claim_has_its_tests() -> None:
    assert len(OURS) == 43
    assert {number for number, answer in OURS.items() if "Y" in answer} == set(SHOWN)


@pytest.mark.parametrize("number", sorted(int(number) for number in SHOWN))
def test_the_tests_of_a_feature_exist(number: int) -> None:
    for path, name in SHOWN[str(number)]:
        module = ast.parse((ROOT / "app" / path).read_text())
        assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
