"""The page of what a month costs: amounts times prices, sums, and amounts that are the estate's own."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
CENT = Decimal("0.01")
SECTIONS = {"single", "development", "scaled"}


def sections() -> dict[str, list[list[str]]]:
    """The rows of each table that ends in a sum, by the first word of its heading that names one of them."""
    found: dict[str, list[list[str]]] = {}
    for section in (ROOT / "docs/cost.md").read_text().split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if "|" in line]
        if "**Sum**" in body:
            (name,) = SECTIONS & set(re.findall(r"[a-z]+", heading.lower()))
            found[name] = cells[2:]
    return found


def test_each_topology_has_its_table() -> None:
    assert set(sections()) == SECTIONS


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_amounts_times_prices_add_up(name: str) -> None:
    *lines, total = sections()[name]
    for line, amount, price, month, source in lines:
        reckoned = (Decimal(amount) * Decimal(price)).quantize(CENT, ROUND_HALF_UP)
        assert (line, Decimal(month)) == (line, reckoned)
        assert source
    assert total[0] == "**Sum**"
    assert Decimal(total[3].strip("*")) == sum(Decimal(month) for _, _, _, month, _ in lines)


def variables(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text())
    return found


def test_the_page_reckons_with_what_the_roles_make() -> None:
    compute, database = (variables(f"roles/aws_{role}/defaults/main.yml") for role in ("compute", "database"))
    edge = variables("roles/aws_edge/vars/main.yml")
    rows = {name: {line[0]: line[1] for line in table} for name, table in sections().items()}
    types = [line for line in rows["single"] if line.startswith(f"{compute['aws_compute_instance_type']}, ")]
    assert [rows["single"][line] for line in types] == ["730"]
    volume = f"Root volume, {compute['aws_compute_volume_type']}, GB"
    assert rows["single"][volume] == str(compute["aws_compute_volume_gb"])
    (hours,) = [line for line in rows["scaled"] if line.startswith("RDS PostgreSQL")]
    assert database["aws_database_class"] in hours
    (storage,) = [line for line in rows["scaled"] if line.startswith("Its storage, gp3")]
    assert rows["scaled"][storage] == str(database["aws_database_storage_gb"])
    # The rule of our own beside AWS's.
    assert rows["scaled"]["WAF: rules"] == str(len(edge["aws_edge_managed_rules"]) + 1)


@pytest.mark.parametrize(("environment", "table"), [("production", "single"), ("development", "development")])
def test_the_budget_of_an_environment_is_above_what_it_costs(environment: str, table: str) -> None:
    estate = variables(f"inventories/{environment}/group_vars/all/estate.yml")
    assert estate["estate_topology"] == "single"
    assert Decimal(sections()[table][-1][3].strip("*")) < estate["estate_budget"]
