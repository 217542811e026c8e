"""What the largest tables are found by: each index costs at every row that is written."""

from __future__ import annotations

import pytest
from audit.models import AuditEvent
from django.core.management import call_command
from django.db import connection, models

from obligations.models import ImportRow, Obligation, Occurrence

LARGE = (AuditEvent, ImportRow, Obligation, Occurrence)


def _indexes(model: type[models.Model]) -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {name: one["columns"] for name, one in found.items() if (one["index"] or one["unique"]) and one["columns"]}


@pytest.mark.django_db
@pytest.mark.parametrize("model", LARGE)
def test_no_index_is_the_beginning_of_another(model: type[models.Model]) -> None:
    indexes = _indexes(model)
    again = [
        (name, other)
        for name, columns in indexes.items()
        for other, longer in indexes.items()
        if name != other and longer[: len(columns)] == columns
    ]
    assert again == []


@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_dropped_comes_back_with_the_migration_before() -> None:
    now = {name: columns for model in LARGE for name, columns in _indexes(model).items()}
    call_command("migrate", "obligations", "0010", verbosity=0)
    call_command("migrate", "audit", "0003", verbosity=0)
    try:
        before = {name: columns for model in LARGE for name, columns in _indexes(model).items()}
    finally:
        call_command("migrate", verbosity=0)
    more = sorted(columns for name, columns in before.items() if name not in now)
    assert more == sorted(
        [[name] for name in ("organisation_id", "batch_id", "mechanism_id", "project_id", "responsible_person_id")]
        + [[name] for name in ("assigned_to_id", "obligation_id", "project_id")]
    )
    assert {name: columns for model in LARGE for name, columns in _indexes(model).items()} == now
