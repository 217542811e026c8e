"""Which column of a register goes where, under the names that registers give them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from registers.importing import values

Reader = Callable[[str, values.Note], Any]


@dataclass(frozen=True)
class Column:
    """A known column: the field it fills, how its cells are read, and the names it goes by, the usual one first."""

    field: str
    read: Reader
    names: tuple[str, ...]
    needed: bool = False


COLUMNS = (
    Column("project", partial(values.label, longest=200), ("project_name", "project")),
    Column(
        "mechanism",
        partial(values.label, longest=100),
        ("primary_environmental_mechanism", "environmental_mechanism", "mechanism"),
        needed=True,
    ),
    Column("number", partial(values.label, longest=60), ("obligation_number", "number"), needed=True),
    Column("requirement", values.text, ("obligation", "requirement"), needed=True),
    Column("procedure", values.term, ("procedure",)),
    Column("aspect", values.term, ("environmental_aspect", "aspect")),
    Column("accountability", values.term, ("accountability",)),
    Column("responsible_role", values.term, ("responsibility", "responsible_role")),
    Column("responsible_email", values.email, ("personemail", "person_email", "responsible_email")),
    Column("phase", values.term, ("project_phase", "phase")),
    Column("action_due_date", values.day, ("action_due_date", "due_date")),
    Column("close_out_date", values.day, ("close_out_date",)),
    Column("status", values.status, ("status",)),
    Column("supporting_information", values.text, ("supporting_information",)),
    Column("general_comments", values.text, ("general_comments",)),
    Column("compliance_comments", values.text, ("compliance_comments",)),
    Column("non_conformance_comments", values.text, ("non_conformance_comments",)),
    Column("evidence_notes", values.text, ("evidence", "evidence_notes")),
    Column("recurring", values.boolean, ("recurring_obligation", "recurring")),
    Column("recurring_frequency", values.frequency, ("recurring_frequency",)),
    Column("recurring_status", values.optional_status, ("recurring_status",)),
    Column(
        "recurring_forecast_date",
        values.day,
        ("recurring_forcasted_date", "recurring_forecasted_date", "recurring_forecast_date"),
    ),
    Column("inspection", values.boolean, ("inspection",)),
    Column("inspection_frequency", values.frequency, ("inspection_frequency",)),
    Column("site_or_desktop", values.place, ("site_or_desktop",)),
    Column("new_control_action_required", values.boolean, ("new_control_action_required",)),
    Column("obligation_type", values.term, ("obligation_type", "type")),
    Column("gap_analysis", values.yes_no_unknown, ("gap_analysis",)),
    Column("gap_analysis_notes", values.text, ("notes_for_gap_analysis", "gap_analysis_notes")),
)

_BY_NAME = {name: column for column in COLUMNS for name in column.names}


def find(header: str) -> Column | None:
    """Return the column that a header names, whatever its case, spaces and underscores; None when it is unknown."""
    return _BY_NAME.get(re.sub(r"[\s_]+", "_", header.strip().lower()))
