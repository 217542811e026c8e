"""The table in which obligations are searched, and the triggers that keep it true to the register.

Triggers, not code: a row that is imported, restored or mended by hand is found like any other. Django makes a table of
SQLite anew to alter it and loses its triggers by that, and SQLite refuses to rename a table that triggers elsewhere
name: so they are dropped before a migration and made again after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

TABLE = "obligations_search"
PREFIX = "obligations_search_"

# What is searched, from what says most about an obligation to what says least.
_NOTES = (
    "supporting_information",
    "general_comments",
    "compliance_comments",
    "non_conformance_comments",
    "evidence_notes",
    "interpretation",
)
PARTS = {
    "code": "m.short || ' ' || o.number",
    "title": "o.title",
    "requirement": "o.requirement",
    "notes": " || ' ' || ".join(f"o.{name}" for name in _NOTES),
    "words": "COALESCE(r.name, '') || ' ' || m.reference || ' ' || o.tags",
}
JOINED = """obligations_obligation o
JOIN registers_mechanism m ON m.id = o.mechanism_id
LEFT JOIN registers_responsiblerole r ON r.id = o.responsible_role_id"""

# Table, the columns of it that are searched, and the obligations that a row of it stands in.
_SOURCES = {
    "changed": (
        "obligations_obligation",
        ("number", "title", "requirement", *_NOTES, "tags", "mechanism_id", "responsible_role_id"),
        "o.id = NEW.id",
    ),
    "renamed": ("registers_mechanism", ("short", "reference"), "o.mechanism_id = NEW.id"),
    "reassigned": ("registers_responsiblerole", ("name",), "o.responsible_role_id = NEW.id"),
}


def create(connection: BaseDatabaseWrapper) -> None:
    """Create the table, empty; after the migrations `after_migrations` adds the triggers and fills it."""
    statements = {"sqlite": _SQLITE_TABLE, "postgresql": _POSTGRESQL_TABLE}[connection.vendor]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper) -> None:
    """Drop the table and its triggers."""
    drop_triggers(connection)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")


def rebuild(connection: BaseDatabaseWrapper) -> int:
    """Read the whole register into the table anew; return the number of obligations in it."""
    with atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608  a name of ours
        cursor.execute(_read("TRUE", connection.vendor))
        cursor.execute(f"SELECT COUNT(*) FROM {TABLE}")  # noqa: S608  a name of ours
        number: int = cursor.fetchone()[0]
    return number


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; those that exist are replaced."""
    drop_triggers(connection)
    with connection.cursor() as cursor:
        for statement in _triggers(connection.vendor):
            cursor.execute(statement)


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, if they are there."""
    tables = {"added": "obligations_obligation", "removed": "obligations_obligation"}
    tables |= {name: table for name, (table, _, _) in _SOURCES.items()}
    with connection.cursor() as cursor:
        for name, table in tables.items():
            on = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {PREFIX}{name}{on}")


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the triggers that should be there and are not; none, as long as the table itself is to come."""
    if TABLE not in connection.introspection.table_names():
        return set()
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        there = {name for (name,) in cursor.fetchall()}
    return {f"{PREFIX}{name}" for name in ("added", "removed", *_SOURCES)} - there


def before_migrations(*, using: str, plan: list[Any] | None = None, **_: object) -> None:
    """Take the triggers out of the way of what migrations do to the tables."""
    connection = connections[using]
    if plan and TABLE in connection.introspection.table_names():
        drop_triggers(connection)


def after_migrations(*, using: str, **_: object) -> None:
    """Put the triggers back, and read what was written without them."""
    connection = connections[using]
    if missing(connection):
        create_triggers(connection)
        rebuild(connection)


@register(Tags.database)
def check_triggers(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warn of a register whose changes the search does not learn of."""
    return [
        CheckWarning(
            f"The search does not follow the register: {', '.join(sorted(absent))} is missing.",
            hint="Run `manage.py search_rebuild`.",
            id="obligations.W001",
        )
        for alias in databases or []
        if (absent := missing(connections[alias]))
    ]


_SQLITE_TABLE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5({', '.join(PARTS)}, "
    # Without an index of beginnings: what it saves a search is a thirtieth of ranking what was found, and it costs each
    # row that is written half as much again.
    "tokenize = 'porter unicode61 remove_diacritics 2')",
    # The number says most, then the title; the order of the columns.
    f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('rank', 'bm25(10.0, 5.0, 3.0, 1.0, 2.0)')",  # noqa: S608  constants
)
_POSTGRESQL_TABLE = (
    f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, document tsvector NOT NULL)",
    f"CREATE INDEX {PREFIX}document ON {TABLE} USING gin (document)",
)
_WEIGHTS = dict(zip(PARTS, "ABCDC", strict=True))


def _read(which: str, vendor: str) -> str:
    """Return the statement that reads some obligations into the table."""
    if vendor == "sqlite":
        columns, values = ", ".join(("rowid", *PARTS)), ", ".join(("o.id", *PARTS.values()))
        conflict = ""
    else:
        # Punctuation apart, PostgreSQL reads 6-2(1) as numbers with a sign, and 3.2 as one word with its neighbour.
        documents = (
            f"setweight(to_tsvector('english', regexp_replace({part}, '[^[:alnum:]]+', ' ', 'g')), '{_WEIGHTS[name]}')"
            for name, part in PARTS.items()
        )
        columns, values = "rowid, document", f"o.id, {' || '.join(documents)}"
        conflict = "ON CONFLICT (rowid) DO UPDATE SET document = EXCLUDED.document"
    return f"INSERT INTO {TABLE} ({columns}) SELECT {values} FROM {JOINED} WHERE {which} {conflict}"  # noqa: S608  constants


def _triggers(vendor: str) -> Iterator[str]:
    """Return the statements that create the triggers."""
    owner = "obligations_obligation"
    forget = f"DELETE FROM {TABLE} WHERE rowid"  # noqa: S608  constants
    yield _trigger(vendor, "added", f"INSERT ON {owner}", "", _read("o.id = NEW.id", vendor))
    yield _trigger(vendor, "removed", f"DELETE ON {owner}", "", f"{forget} = OLD.id")
    for name, (table, columns, which) in _SOURCES.items():
        differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
        # Django writes all columns of a row: without the condition each change of a status would be read here.
        when = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
        renew = _read(which, vendor)
        if vendor == "sqlite":
            renew = f"{forget} IN (SELECT o.id FROM {owner} o WHERE {which}); {renew}"  # noqa: S608  constants
        yield _trigger(vendor, name, f"UPDATE ON {table}", when, renew)


def _trigger(vendor: str, name: str, event: str, when: str, body: str) -> str:
    condition = f"WHEN ({when})" if when else ""
    head = f"CREATE TRIGGER {PREFIX}{name} AFTER {event} FOR EACH ROW {condition}"
    if vendor == "sqlite":
        return f"{head} BEGIN {body}; END"
    function = (
        f"CREATE OR REPLACE FUNCTION {PREFIX}{name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {body}; RETURN NULL; END $$"
    )
    return f"{function}; {head} EXECUTE FUNCTION {PREFIX}{name}()"
