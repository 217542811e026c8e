"""Whether this release can work with the tables of a database that another release has migrated."""

from __future__ import annotations

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model


def misfits() -> list[str]:
    """Return what this release needs of the database's tables and does not find, one line each; nothing if it fits.

    It must find every column that it reads, and may not be asked for a value that it does not know of. Columns and
    tables beyond its own do no harm.
    """
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            found += [*_unreadable(model), *_demanded(model)]
    return found


def _unreadable(model: type[Model]) -> list[str]:
    columns = [field.attname for field in model._meta.local_concrete_fields]
    try:
        # A failed query would end a transaction around it.
        with transaction.atomic():
            model._base_manager.order_by().values_list(*columns).first()
    except DatabaseError as error:
        return [f"{model._meta.db_table} cannot be read: {error}"]
    return []


def _demanded(model: type[Model]) -> list[str]:
    table = model._meta.db_table
    ours = {field.column for field in model._meta.local_concrete_fields}
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
    demanded = [column.name for column in columns if not column.null_ok and column.default is None]
    return [f"each row of {table} must have a {name}" for name in demanded if name not in ours]
