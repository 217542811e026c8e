"""The demo register's documents: how its conditions hang together, an amended plan, and controlled procedures."""

from __future__ import annotations

from datetime import date
from typing import Any

from registers.models import Condition, Mechanism, MechanismVersion, Procedure, Project

# Mechanism, number and heading of a condition without words of its own, and the conditions below it.
PARTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("MS 1234", "1", "Limits of the proposal", ("1-1",)),
    ("MS 1234", "3", "Contact details", ("3-1",)),
    ("MS 1234", "4", "Compliance reporting", ("4-1", "4-5", "4-6")),
    ("MS 1234", "5", "Construction environmental management plan", ("5-1",)),
    ("MS 1234", "6-2", "Flora and vegetation", ("6-2(1)", "6-2(3)")),
    ("MS 1234", "8", "Groundwater", ("8-4",)),
    ("WR-CEMP Rev 2", "8.1", "Dust", ("8.1.2",)),
    ("WR-CEMP Rev 2", "9.3", "Hydrocarbons", ("9.3(b)",)),
)
OBJECTIVE = (
    "MS 1234",
    "6-1",
    "The proponent shall implement the proposal so that impacts on flora of conservation significance are minimised.",
)
REVISIONS: tuple[tuple[str, date, str], ...] = (
    ("Rev 1", date(2025, 9, 30), ""),
    (
        "Rev 2",
        date(2026, 4, 1),
        "Spill kits are serviced each month instead of each quarter; dust is checked by shift.",
    ),
)
# The plan's words before Rev 2.
EARLIER = {
    "9.3(b)": "Spill kits must be serviced each quarter.",
    "8.1.2": "Dust suppression must be checked each day while wind is above the trigger level.",
}
PROCEDURES: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    (
        {
            "name": "Groundwater monitoring procedure",
            "reference": "WRL-ENV-PR-004",
            "version": "Rev 3",
            "effective": date(2025, 7, 1),
            "review_on": date(2027, 7, 1),
            "owner": "Environmental Adviser",
            "summary": "Which bores are sampled, how, and how levels are reported each quarter.",
        },
        ("8-4", "21"),
    ),
    (
        {
            "name": "Spill response procedure",
            "reference": "WRL-ENV-PR-007",
            "version": "Rev 2",
            "effective": date(2024, 10, 1),
            "review_on": date(2026, 10, 1),
            "owner": "Construction Supervisor",
            "summary": "What to do with a spill, whom to tell, and how kits are kept ready.",
        },
        ("9.3(b)",),
    ),
    (
        {
            "name": "Tailings facility inspection",
            "reference": "WRL-PRO-WI-012",
            "version": "Rev 5",
            "effective": date(2026, 2, 15),
            "review_on": date(2027, 2, 15),
            "owner": "Processing Manager",
        },
        ("12(a)",),
    ),
    (
        {
            "name": "Heritage ground disturbance permit",
            "reference": "WRL-HER-PR-001",
            "version": "Draft C",
            "status": Procedure.Status.REVIEW,
            "owner": "Heritage Adviser",
        },
        ("4.2",),
    ),
)


def seed(project: Project) -> None:
    """Put the register's conditions in order, and give it its documents."""
    for reference, number, heading, below in PARTS:
        mechanism = project.mechanisms.get(reference=reference)
        part = Condition.objects.create(mechanism=mechanism, number=number, heading=heading)
        mechanism.conditions.filter(number__in=below).update(parent=part)
    reference, number, text = OBJECTIVE
    statement = project.mechanisms.get(reference=reference)
    Condition.objects.create(mechanism=statement, number=number, text=text, is_objective=True)
    _revise(project.mechanisms.get(reference="WR-CEMP Rev 2"))
    for fields, numbers in PROCEDURES:
        procedure = Procedure.objects.create(organisation=project.organisation, **fields)
        project.obligations.filter(number__in=numbers).update(procedure=procedure)


def _revise(plan: Mechanism) -> None:
    for place, (label, effective_on, summary) in enumerate(REVISIONS, start=1):
        newest = MechanismVersion.objects.create(
            mechanism=plan, number=place, label=label, effective_on=effective_on, summary=summary
        )
    for number, text in EARLIER.items():
        now = plan.conditions.get(number=number)
        before = Condition.objects.create(
            mechanism=plan,
            parent=now.parent,
            number=number,
            text=text,
            ended=newest,
            ended_on=newest.effective_on,
        )
        Condition.objects.filter(pk=now.pk).update(supersedes=before, introduced=newest)
