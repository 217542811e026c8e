"""What the pages that people open all day may cost, in numbers that no machine changes.

A change that costs more has to raise a number here, and to say why.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import django
import pytest
from django.db import connection

from bench.counts import measure
from bench.running import measured


class Budget(NamedTuple):
    """Queries, bytes of the compressed answer, and millions of instructions; the last two with a tenth to spare."""

    queries: int
    bytes: int
    instructions: float


BUDGETS = {
    "sign-in page": Budget(0, 1_400, 8.3),
    "register of 50 rows": Budget(5, 10_800, 25.5),
    "register of 50 rows, made anew": Budget(11, 10_800, 169),
    "obligation page": Budget(5, 5_300, 21.5),
    "obligation page, made anew": Budget(17, 5_300, 187),
}
# Requests and bytes of the dashboard for a browser that was never here, and for one that was.
FIRST_LOOK = {"cold": (8, 80_000), "warm": (1, 12_000)}

pytestmark = [
    pytest.mark.skipif(django.VERSION >= (4, 2), reason="Counts are those of the Django that is deployed."),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="Counts are those of the database of one host."),
]


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    return measure(tmp_path_factory.mktemp("counts"))


def test_pages_keep_to_their_budgets(costs: dict[str, dict[str, int]]) -> None:
    over = {
        page: (cost, budget._asdict())
        for page, budget in BUDGETS.items()
        if (cost := costs[page])["queries"] > budget.queries
        or cost["bytes"] > budget.bytes
        or cost["instructions"] > budget.instructions * 1_000_000
    }
    assert not over


def test_budgets_name_what_is_measured(costs: dict[str, dict[str, int]]) -> None:
    assert set(BUDGETS) == set(costs)


@pytest.mark.browser
def test_a_browser_asks_for_little(tmp_path: Path) -> None:
    found = measured(tmp_path, "bench.first_look", "280", "0")
    for look, (requests, size) in FIRST_LOOK.items():
        assert found[look]["requests"] <= requests, look
        assert found[look]["bytes"] <= size, look
