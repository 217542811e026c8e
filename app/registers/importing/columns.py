"""Which column of a register goes where, under the names that registers give them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any

from registers.importing import values, words
from registers.importing.literal import mark

Reader = Callable[[str, values.Note], Any]
# Before the name of an extra field that would otherwise be taken for a column of ours.
EXTRA = "extra: "


@dataclass(frozen=True)
class Column:
    """A known column: the field it fills, how its cells are read, and the names it goes by, the usual one first."""

    field: str
    read: Reader
    names: tuple[str, ...]
    needed: bool = False
    words: words.Words | None = None
    changes: Callable[[str], bool] = values.text_changes
    """Whether reading a text as a plain cell would change it."""

    def written(self, value: Any, *, formulas: bool = True) -> Any:
        """Return a stored value as a cell from which reading gives it back.

        Args:
            value: what is stored: text, a date, a number, yes, no or nothing.
            formulas: whether the file's format cannot say that a cell is text, so that one could become a formula.
        """
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, date | int):
            return value
        return self.words[value][0] if self.words else mark(value, self.changes, formulas=formulas)


def _label(field: str, *names: str, longest: int, needed: bool = False) -> Column:
    read = partial(values.label, longest=longest)
    return Column(field, read, names, needed, changes=values.label_changes)


def _choice(field: str, what: str, known: words.Words, *names: str) -> Column:
    return Column(field, values.choice(what, known), names or (field,), words=known)


def _text(field: str, longest: int) -> Column:
    return Column(field, partial(values.term, longest=longest), (field,))


# The columns of the registers that people bring, in their order.
_REGISTER = (
    _label("project", "project_name", "project", longest=200),
    _label(
        "mechanism",
        "primary_environmental_mechanism",
        "environmental_mechanism",
        "mechanism",
        longest=100,
        needed=True,
    ),
    _label("number", "obligation_number", "number", longest=60, needed=True),
    Column("requirement", values.text, ("obligation", "requirement"), needed=True),
    Column("procedure", values.term, ("procedure",)),
    Column("aspect", values.term, ("environmental_aspect", "aspect")),
    Column("accountability", values.term, ("accountability",)),
    Column("responsible_role", values.term, ("responsibility", "responsible_role")),
    Column("responsible_email", values.email, ("personemail", "person_email", "responsible_email")),
    Column("phase", values.term, ("project_phase", "phase")),
    Column("action_due_date", values.day, ("action_due_date", "due_date")),
    Column("close_out_date", values.day, ("close_out_date",)),
    Column("status", values.status, ("status",), words=words.STATUSES),
    Column("supporting_information", values.text, ("supporting_information",)),
    Column("general_comments", values.text, ("general_comments",)),
    Column("compliance_comments", values.text, ("compliance_comments",)),
    Column("non_conformance_comments", values.text, ("non_conformance_comments",)),
    Column("evidence_notes", values.text, ("evidence", "evidence_notes")),
    Column("recurring", values.boolean, ("recurring_obligation", "recurring")),
    Column("recurring_frequency", values.frequency, ("recurring_frequency",), words=words.FREQUENCIES),
    Column("recurring_status", values.optional_status, ("recurring_status",), words=words.STATUSES),
    Column(
        "recurring_forecast_date",
        values.day,
        ("recurring_forcasted_date", "recurring_forecasted_date", "recurring_forecast_date"),
    ),
    Column("inspection", values.boolean, ("inspection",)),
    Column("inspection_frequency", values.frequency, ("inspection_frequency",), words=words.FREQUENCIES),
    Column("site_or_desktop", values.place, ("site_or_desktop",), words=words.PLACES),
    Column("new_control_action_required", values.boolean, ("new_control_action_required",)),
    Column("obligation_type", values.term, ("obligation_type", "type")),
    Column("gap_analysis", values.yes_no_unknown, ("gap_analysis",)),
    Column("gap_analysis_notes", values.text, ("notes_for_gap_analysis", "gap_analysis_notes")),
)
# What Enssol knows of an obligation beyond them.
_BEYOND = (
    _label("condition", "condition_number", "condition", longest=60),
    _text("title", 255),
    Column("interpretation", values.text, ("interpretation", "how_it_applies")),
    _text("satisfies", 255),
    _text("advice", 255),
    _choice("risk", "risk", words.RISKS),
    _text("tags", 255),
    _choice("lifecycle", "lifecycle", words.LIFECYCLES),
    Column("phase_gated", values.boolean, ("phase_gated", "only_while_its_phase_runs")),
    Column("responsible_person", values.email, ("responsible_person",)),
    Column("backup_person", values.email, ("backup_person",)),
    _choice("compliance_override", "compliance", words.COMPLIANCE),
    Column("compliance_override_reason", values.text, ("compliance_override_reason",)),
)
# The rule of its recurrence, one column a field: no word of a register says all of it.
RULE = "rule_"
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONTHS = tuple(str(month) for month in range(1, 13))
_RECURRENCE = (
    _choice("rule_basis", "kind of recurrence", words.BASES, "recurrence"),
    Column("rule_anchor_date", values.day, ("recurrence_first_date",)),
    Column("rule_interval", values.whole, ("recurrence_every",)),
    _choice("rule_unit", "unit", words.UNITS, "recurrence_unit"),
    Column("rule_eom", values.boolean, ("recurrence_last_day_of_month",)),
    Column("rule_weekdays", values.listed("weekday", _WEEKDAYS), ("recurrence_weekdays",)),
    Column("rule_nth_weekday", values.whole, ("recurrence_nth_weekday",)),
    Column("rule_months", values.listed("month", _MONTHS), ("recurrence_months",)),
    Column("rule_lag_value", values.whole, ("recurrence_lag",)),
    _choice("rule_lag_unit", "unit", words.UNITS, "recurrence_lag_unit"),
    _choice("rule_lag_base", "day to count from", words.LAG_BASES, "recurrence_lag_from"),
    Column("rule_lag_month", values.whole, ("recurrence_lag_month",)),
    Column("rule_lag_day", values.whole, ("recurrence_lag_day",)),
    Column("rule_milestone", partial(values.term, longest=200), ("recurrence_milestone",)),
    Column("rule_event", partial(values.term, longest=200), ("recurrence_event",)),
    _choice("rule_end", "end", words.ENDS, "recurrence_ends"),
    Column("rule_end_date", values.day, ("recurrence_end_date",)),
    Column("rule_end_count", values.whole, ("recurrence_end_count",)),
    _choice("rule_roll_policy", "way to roll", words.ROLLS, "recurrence_roll"),
    _choice("rule_day_count", "way to count", words.DAY_COUNTS, "recurrence_day_count"),
)
COLUMNS = (*_REGISTER, *_BEYOND, *_RECURRENCE)
BY_FIELD = {column.field: column for column in COLUMNS}

_BY_NAME = {name: column for column in COLUMNS for name in column.names}


def find(header: str) -> Column | None:
    """Return the column that a header names, whatever its case, spaces and underscores; None when it is unknown."""
    return _BY_NAME.get(_bare(header))


def likely(header: str) -> Column | None:
    """Return the column that a header seems to name, for a person to confirm; None when it is like none."""
    close = get_close_matches(_bare(header).rstrip(".:"), _BY_NAME, n=1, cutoff=0.85)
    return _BY_NAME[close[0]] if close else None


def extra_name(header: str) -> str:
    """Return the name under which a column without a field is kept."""
    return header.removeprefix(EXTRA)


def extra_header(name: str) -> str:
    """Return the header of a column from which an extra field is read back under its name."""
    plain = name and name.strip() == name and not name.startswith(EXTRA) and mark(name, values.text_changes) == name
    return name if plain and find(name) is None else f"{EXTRA}{name}"


def _bare(header: str) -> str:
    return re.sub(r"[\s_]+", "_", header.strip().lower())
