"""An obligation in words: which facts stand together, and how a value reads."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.db.models import Field

from obligations.models import Obligation

# How the page and the form of an obligation are laid out. Every field that says something about it stands in one group.
GROUPS: dict[str, tuple[str, ...]] = {
    "Where it stands": ("status", "action_due_date", "close_out_date"),
    "What": ("number", "title", "requirement", "supporting_information"),
    "How it applies": ("interpretation", "satisfies", "advice", "risk", "tags"),
    "Who": ("responsible_person", "backup_person", "responsible_role", "responsible_email", "accountability"),
    "Kind": ("aspect", "obligation_type", "phase", "phase_gated", "procedure"),
    "Compliance": ("compliance_override", "compliance_override_reason"),
    "Inspection and control": (
        "inspection",
        "inspection_frequency",
        "site_or_desktop",
        "new_control_action_required",
        "gap_analysis",
    ),
    "Recurrence as the register says": (
        "recurring",
        "recurring_frequency",
        "recurring_status",
        "recurring_forecast_date",
    ),
    "Notes": (
        "general_comments",
        "compliance_comments",
        "non_conformance_comments",
        "evidence_notes",
        "gap_analysis_notes",
    ),
}

# What the occurrences decide: nobody enters it.
PROJECTED = GROUPS["Where it stands"]


class Fact(NamedTuple):
    """A field's name for people, and its value in words: empty when nothing is recorded."""

    name: str
    label: str
    value: str


def label_of(name: str) -> str:
    """Return the field's name for people."""
    label = str(_field(name).verbose_name)
    return label[:1].upper() + label[1:]


def in_words(name: str, value: Any) -> str:
    """Return a value of the field as people read it; empty when nothing is recorded."""
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return f"{value:%-d %B %Y}"
    choices = dict(_field(name).flatchoices)
    return str(choices.get(value, value))


def facts(obligation: Obligation, group: str) -> list[Fact]:
    """Return the facts of one group."""
    return [Fact(name, label_of(name), in_words(name, getattr(obligation, name))) for name in GROUPS[group]]


def _field(name: str) -> Field[Any, Any]:
    field = Obligation._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - for the type checker: GROUPS names no reverse relation
    return field
