"""The register of a real construction project; it lies beside this repository, because its rows are not ours."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from accounts.models import Organisation
from django.core.management import call_command
from registers.models import Project

from obligations.models import Obligation

PORTSIDE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "registers" / "portside.csv"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not PORTSIDE.exists(), reason="the real register is not beside this checkout"),
]

FIELDS = {
    "project__name": "project",
    "primary__environmental__mechanism": "mechanism",
    "procedure": "procedure",
    "environmental__aspect": "aspect",
    "obligation__number": "number",
    "obligation": "requirement",
    "accountability": "accountability",
    "responsibility": "responsible_role",
    "project_phase": "phase",
    "action__due_date": "action_due_date",
    "close__out__date": "close_out_date",
    "status": "status",
    "supporting__information": "supporting_information",
    "general__comments": "general_comments",
    "compliance__comments": "compliance_comments",
    "non_conformance__comments": "non_conformance_comments",
    "evidence": "evidence_notes",
    "PersonEmail": "responsible_email",
    "recurring__obligation": "recurring",
    "recurring__frequency": "recurring_frequency",
    "recurring__status": "recurring_status",
    "recurring__forcasted__date": "recurring_forecast_date",
    "inspection": "inspection",
    "inspection__frequency": "inspection_frequency",
    "site_or__desktop": "site_or_desktop",
    "new__control__action_required": "new_control_action_required",
    "obligation_type": "obligation_type",
    "gap__analysis": "gap_analysis",
    "notes_for__gap__analysis": "gap_analysis_notes",
}
# What is stored in other words than the file's; every one of them is a warning in the report.
SPELT = {"Annual": "annually", "Y": "True", "N": "False"}


@pytest.fixture
def report(tmp_path: Path) -> list[dict[str, str]]:
    Organisation.objects.create(name="Tern Point Ports", slug="tern-point")
    path = tmp_path / "report.csv"
    call_command("import_register", PORTSIDE, project="PORT", report=path, stdout=StringIO())
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_row_is_accounted_for(report: list[dict[str, str]]) -> None:
    results = {line["line"]: line["result"] for line in report}
    assert len(results) == 280
    assert Counter(results.values()) == {"accepted": 181, "accepted with a warning": 74, "refused": 25}
    reasons = Counter((line["column"], line["remedy"]) for line in report if line["remedy"])
    assert reasons == {
        ("action__due_date", "write the intended year, e.g. 2027-01-01"): 24,
        ("obligation__number", "give each its own number"): 1,
    }
    assert Obligation.objects.count() == 255


def test_each_of_the_29_columns_comes_back_as_the_file_has_it(report: list[dict[str, str]]) -> None:
    refused = {(line["mechanism"], line["number"]) for line in report if line["result"] == "refused"}
    refused -= {("Portside CEMP", "PCEMP-236")}
    stored = {
        (obligation.mechanism.reference, obligation.number): obligation
        for obligation in Obligation.objects.select_related("project", "mechanism")
    }
    twins = set()
    with PORTSIDE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            assert len(row) == len(FIELDS) == 29
            key = row["primary__environmental__mechanism"], row["obligation__number"]
            if key in refused or key in twins:
                continue
            twins.add(key)
            assert {column: _written(stored[key], field) for column, field in FIELDS.items()} == {
                column: _spelt(column, cell) for column, cell in (row | _done(row)).items()
            }
    assert len(twins) == 255


def test_importing_it_again_changes_nothing(report: list[dict[str, str]]) -> None:
    before = list(Obligation.objects.order_by("pk").values())
    output = StringIO()
    call_command("import_register", PORTSIDE, project="PORT", stdout=output)
    assert "255  unchanged" in output.getvalue()
    assert list(Obligation.objects.order_by("pk").values()) == before


def _done(row: dict[str, str]) -> dict[str, str]:
    """Return when it was done, if it was; the report tells where a register contradicts itself or does not say."""
    due = min(row["action__due_date"], str(Project.objects.get().today))
    return {"close__out__date": (row["close__out__date"] or due) if row["status"] == "completed" else ""}


def _written(obligation: Obligation, field: str) -> str:
    value = getattr(obligation, field)
    return "" if value is None else str(value)


def _spelt(column: str, cell: str) -> str:
    if column in {"status", "recurring__status", "recurring__frequency", "inspection__frequency", "site_or__desktop"}:
        return SPELT.get(cell, cell.lower().replace(" ", "_"))
    return SPELT.get(cell, cell)
