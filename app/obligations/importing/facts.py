"""What a register says of an obligation, field by field: what an import compares and an export writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from registers.importing import values
from registers.importing.columns import BY_FIELD, COLUMNS, RULE

from obligations.models import VOCABULARIES, Obligation, RecurrenceRule
from obligations.services.rules import FIELDS as RULE_FIELDS

PEOPLE = ("responsible_person", "backup_person")
DATES = frozenset(column.field for column in COLUMNS if column.read is values.day)
_DATED = DATES | {"anchor_date", "end_date"}
# Fetched with an obligation, so that its facts need no other query.
RELATED = ("project", "mechanism", "condition", *VOCABULARIES, *PEOPLE, "rule__milestone")
# The fields of the obligation's own row that stand there as they are.
PLAIN = tuple(
    column.field
    for column in COLUMNS
    if not column.field.startswith(RULE)
    and column.field not in {"project", "mechanism", "condition", *VOCABULARIES, *PEOPLE}
)

# Among a row's changes, what they are made and taken back with.
SAID, UNDO = "_said", "_undo"


def facts_of(obligation: Obligation) -> dict[str, Any]:
    """Return what the columns of a register say of an obligation, by field; words and people by their names."""
    facts: dict[str, Any] = {
        "project": obligation.project.name,
        "mechanism": obligation.mechanism.reference,
        "condition": obligation.condition.number if obligation.condition else "",
    }
    facts |= {name: getattr(obligation, name) for name in PLAIN}
    for name in VOCABULARIES:
        term = getattr(obligation, name)
        facts[name] = term.name if term else ""
    for name in PEOPLE:
        person = getattr(obligation, name)
        facts[name] = person.email if person else ""
    rule = getattr(obligation, "rule", None)
    return facts | {f"{RULE}{name}": value for name, value in rule_facts(rule).items()}


def rule_facts(rule: RecurrenceRule | None) -> dict[str, Any]:
    """Return a rule's fields, its milestone by its name; nothing in each of them if there is no rule."""
    if rule is None:
        return dict.fromkeys(RULE_FIELDS)
    facts = {name: getattr(rule, name) for name in RULE_FIELDS}
    return facts | {"milestone": rule.milestone.name if rule.milestone else ""}


def rule_said(said: Mapping[str, Any], stored: RecurrenceRule | None) -> dict[str, Any] | None:
    """Return the rule that a row's columns state, its milestone by its name; None if they state none.

    A column that the file lacks says what is stored, and an empty cell what a new rule has.
    """
    if not said.get(f"{RULE}basis"):
        return None
    fresh = rule_facts(RecurrenceRule()) | {"milestone": ""}
    stated = rule_facts(stored) if stored else fresh
    for name in RULE_FIELDS:
        if f"{RULE}{name}" in said:
            value = said[f"{RULE}{name}"]
            stated[name] = fresh[name] if value in (None, "") else value
    return stated


def in_words(field: str, value: Any) -> str:
    """Return a fact as people write it in a register."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    column = BY_FIELD.get(field)
    return column.words[value][0] if column and column.words else str(value)


def recorded(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's changes as the record keeps them: field by field, the recurrence's too."""
    said = {name: change for name, change in changes.items() if name not in {SAID, UNDO, "rule"}}
    before, after = changes.get("rule", (None, {}))
    for name, value in (after or {}).items():
        was = before[name] if before else None
        if value != was:
            said[f"{RULE}{name}"] = (was, value)
    return said


def dated(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that were kept as JSON with their dates as dates."""
    return {name: date.fromisoformat(value) if value and name in _DATED else value for name, value in facts.items()}
