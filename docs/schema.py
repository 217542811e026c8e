"""Write docs/schema.md, the description of the database, from the models, so that the two cannot disagree.

Usage: python docs/schema.py   (with the app's Python; `make docs` runs it, and a test fails while it is stale)
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
APP = DOCS.parent / "app"
if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.tests.settings"
    sys.path.insert(0, str(APP))
    import django

    django.setup()

from django.apps import AppConfig, apps  # noqa: E402 - models can be imported from here on
from django.db import models  # noqa: E402
from django.db.models.constraints import BaseConstraint, CheckConstraint, UniqueConstraint  # noqa: E402

DOCUMENT = DOCS / "schema.md"
# In the order in which they build upon each other.
ROOMS = ("accounts", "audit", "files", "registers", "obligations", "notifications")
PERSON = "User"
INTRODUCTION = """# Database schema

<!-- Written by `make docs` from the models: edit those. -->

One section an app, in the order in which they build upon each other: first how its tables hang together, then each
table with its fields, its constraints and its indexes. Each table also has a numeric primary key, `id`, and each key
to another table an index. In the diagrams a name on a line is the field that holds the key; keys to people (who
recorded, who closed) are left out of them. Triggers refuse to change or remove rows of `audit_auditevent`, and keep the
full-text index of obligations. What sessions, e-mail addresses and second factors need comes from Django and
django-allauth, which describe their tables themselves.
"""
KINDS = {
    "AutoField": "number",
    "BigAutoField": "number",
    "BigIntegerField": "number",
    "BooleanField": "yes or no",
    "CharField": "text",
    "DateField": "date",
    "DateTimeField": "time",
    "DecimalField": "decimal number",
    "EmailField": "email address",
    "FloatField": "number with a fraction",
    "IntegerField": "number",
    "JSONField": "JSON",
    "PositiveBigIntegerField": "number",
    "PositiveIntegerField": "number",
    "PositiveSmallIntegerField": "number",
    "SlugField": "slug",
    "SmallIntegerField": "number",
    "TextField": "long text",
    "UUIDField": "UUID",
}
COMPARISONS = {"exact": "=", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "in": "in"}


def document() -> str:
    """Return the whole document."""
    parts = [INTRODUCTION]
    for label in ROOMS:
        parts += [*_section(apps.get_app_config(label))]
    return "\n".join(parts)


def _section(room: AppConfig) -> Iterator[str]:
    tables = sorted(room.get_models(), key=lambda model: model.__name__)
    assert room.models_module  # noqa: S101 - every room has models
    yield f"## {room.label}\n\n{_first_line(room.models_module.__doc__)}\n"
    relations = [line for model in tables for line in _relations(model)]
    if relations:
        yield "\n".join(["```mermaid", "erDiagram", *relations, "```", ""])
    for model in tables:
        yield from _table(model)


def _relations(model: type[models.Model]) -> Iterator[str]:
    for field in _fields(model):
        other = field.related_model
        if other is None or other.__name__ == PERSON:
            continue
        if field.many_to_many:
            line = "}o--o{"
        else:
            line = ("|o" if field.null else "||") + "--" + ("o|" if field.one_to_one else "o{")
        yield f"    {other.__name__} {line} {model.__name__} : {field.name}"


def _table(model: type[models.Model]) -> Iterator[str]:
    yield f"### {model.__name__}\n\n{_first_line(model.__doc__)}\n"
    yield f"Table `{model._meta.db_table}`.\n"
    yield "| Field | Type | Null | What it is |\n|---|---|---|---|"
    yield from (_row(field) for field in _fields(model))
    rules = [_rule(constraint) for constraint in model._meta.constraints]
    if rules:
        yield "\n" + "\n".join(f"- {rule}" for rule in rules)
    indexes = [f"`{index.name}` ({', '.join(index.fields)})" for index in model._meta.indexes]
    if indexes:
        yield f"\nIndexes: {'; '.join(indexes)}."
    yield ""


def _fields(model: type[models.Model]) -> list[Any]:
    own = [field for field in model._meta.get_fields() if field.concrete and not getattr(field, "primary_key", False)]
    # Keys to many come last in any Django.
    return sorted(own, key=lambda field: bool(field.many_to_many))


def _row(field: Any) -> str:
    cells = (f"`{field.name}`", _kind(field), "yes" if field.null else "", _meaning(field))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(field: Any) -> str:
    if field.is_relation:
        return f"{'keys' if field.many_to_many else 'key'} to {field.related_model.__name__}"
    kind = KINDS[field.get_internal_type()]
    length = f" of up to {field.max_length} characters" if field.max_length else ""
    return f"{kind}{length}{', unique' if field.unique else ''}"


def _meaning(field: Any) -> str:
    """Return what the models say about a field beyond its name."""
    said = []
    if str(field.verbose_name).casefold() != field.name.replace("_", " "):
        said.append(f"{str(field.verbose_name)[0].upper()}{str(field.verbose_name)[1:]}.")
    if field.help_text:
        said.append(str(field.help_text))
    if field.choices:
        said.append("One of " + ", ".join(f"`{value}`" for value, _ in field.flatchoices) + ".")
    if field.one_to_one:
        said.append("At most one row each.")
    return " ".join(said)


def _rule(constraint: BaseConstraint) -> str:
    if isinstance(constraint, UniqueConstraint):
        by = ", ".join(constraint.fields) or ", ".join(str(expression) for expression in constraint.expressions)
        only = f" where {_condition(constraint.condition)}" if constraint.condition else ""
        return f"`{constraint.name}`: unique by {by}{only}"
    assert isinstance(constraint, CheckConstraint)  # noqa: S101 - there are only these two
    # Django 5.1 gave it another name.
    condition = getattr(constraint, "condition", None) or constraint.check
    return f"`{constraint.name}`: {_condition(condition)}"


def _condition(condition: Any) -> str:
    """Return a condition in words, with brackets around what belongs together."""
    if isinstance(condition, models.Q):
        parts = [_condition(part) for part in condition.children]
        joined = f" {condition.connector.lower()} ".join(parts)
        if condition.negated:
            return f"not ({joined})"
        return f"({joined})" if len(parts) > 1 and condition.connector == models.Q.OR else joined
    name, value = condition
    field, _, lookup = name.partition("__")
    if lookup == "isnull" or value is None:
        return f"{field} is {'empty' if value in (True, None) else 'given'}"
    # Its stubs leave the name out.
    shown = value.name if isinstance(value, models.F) else _value(value)  # type: ignore[attr-defined]
    return f"{field} {COMPARISONS[lookup or 'exact']} {shown}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    return f"“{value}”" if isinstance(value, str) else str(value).lower()


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
