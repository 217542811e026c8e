"""Inserting thousands of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.db import connection, models, transaction

Reader = Callable[[models.Model, Any], Any]

# What SQLite's driver takes as it is.
_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


def insert_many(rows: Sequence[models.Model], *, keys: bool = False) -> None:
    """Insert rows of one model.

    On SQLite in a third of the time of `bulk_create`, which compiles an expression for each value of each row. Other
    databases get that, because there the time goes on the way to them and back.

    Args:
        rows: unsaved, and without a key.
        keys: whether the rows are to know their keys afterwards.
    """
    if not rows:
        return
    manager = type(rows[0])._default_manager
    if connection.vendor != "sqlite":
        manager.bulk_create(rows, batch_size=500)
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    readers = [(str(field.attname), _reader(field)) for field in fields]
    quote = connection.ops.quote_name
    table = rows[0]._meta.db_table
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(table)} ({columns}) VALUES ({places})"  # noqa: S608  names of ours
    # The transaction keeps other writers out, so that the keys of these rows follow each other.
    with transaction.atomic(), connection.cursor() as cursor:
        before = _last_key(cursor, table) if keys else 0
        cursor.executemany(sql, [_values(row, readers) for row in rows])
        if keys:
            if _last_key(cursor, table) != before + len(rows):
                raise RuntimeError(f"{table}: the keys of the new rows do not follow each other")
            for key, row in enumerate(rows, start=before + 1):
                row.pk = key
                row._state.adding = False


def _reader(field: models.Field[Any, Any]) -> Reader:
    """Return what makes of a row, and of what it holds in the field, the value that the driver takes."""

    def filled_in(row: models.Model, held: Any) -> Any:
        return field.get_db_prep_save(field.pre_save(row, add=True), connection)

    def as_json(row: models.Model, held: Any) -> Any:
        # Most are empty.
        return "{}" if held == {} else "[]" if held == [] else filled_in(row, held)

    def plain(row: models.Model, held: Any) -> Any:
        kind = type(held)
        return held if kind in _AS_IT_IS else str(held) if kind is date else filled_in(row, held)

    if isinstance(field, models.JSONField):
        return as_json
    # Dates have a way of their own to be filled in, but for those that fill in themselves it is the common one.
    itself = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    common = type(field).pre_save in {models.Field.pre_save, models.DateField.pre_save, models.DateTimeField.pre_save}
    return plain if common and not itself else filled_in


def _values(row: models.Model, readers: Sequence[tuple[str, Reader]]) -> list[Any]:
    held = row.__dict__
    return [read(row, held.get(name)) for name, read in readers]


def _last_key(cursor: Any, table: str) -> int:
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    found = cursor.fetchone()
    return int(found[0]) if found else 0
