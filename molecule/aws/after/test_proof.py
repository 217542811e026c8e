"""The table of docs/aws.md is what this run of the scenario shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "molecule/aws/files"))
import proof  # noqa: E402 - a script of the scenario, no package

TESTS = ROOT / ".local/tests"
CALLS = Path(os.environ["ENSSOL_CALLS"])


def test_the_table_in_the_documents_is_what_was_seen() -> None:
    seen = proof.rows(CALLS, TESTS / "test-aws.molecule.xml")
    (TESTS / "aws-proof.md").write_text("\n".join(seen) + "\n")
    told = (ROOT / "docs/aws.md").read_text().splitlines()
    assert [row for row in seen if row not in told] == [], "docs/aws.md is stale: take .local/tests/aws-proof.md"


def test_each_was_made_read_back_put_back_and_left_alone() -> None:
    seen = proof.rows(CALLS, TESTS / "test-aws.molecule.xml")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in seen[2:]]
    assert {tuple(row[1:4]) for row in cells} == {("yes", "no change asked for", "yes")}
    assert [row[0] for row in cells if row[4] == "-" or row[5] == "-"] == []
    assert [row[0] for row in cells if row[6] == "no"] == []


def test_a_run_that_changes_nothing_asks_aws_no_more_than_it_did() -> None:
    # A look-up for each of several things, or a wait, shows here on a machine of any speed; 213 when this was written.
    assert len(proof.steps(CALLS)[4]) <= 250
