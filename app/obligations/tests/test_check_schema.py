"""Whether the release that runs could go on with the tables that another release made of its own."""

from __future__ import annotations

import pytest
from accounts.models import Organisation
from django.core.management import CommandError, call_command
from django.db import connection


def change(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.django_db
def test_tables_with_more_than_it_knows_fit_and_nothing_stays_written() -> None:
    change(
        "CREATE TABLE another (id integer NOT NULL PRIMARY KEY)",
        "ALTER TABLE registers_project ADD COLUMN motto text NULL",
        "ALTER TABLE registers_project ADD COLUMN rank integer DEFAULT 1 NOT NULL",
    )
    call_command("check_schema")
    assert not Organisation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["ALTER TABLE registers_project RENAME COLUMN name TO title"], "registers_project cannot be read: "),
        (
            [
                "DROP TABLE django_session",
                "CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, "
                "session_data text NOT NULL, expire_date timestamp NOT NULL, device text NOT NULL)",
            ],
            "each row of django_session must have a device",
        ),
        (["CREATE UNIQUE INDEX one_each ON obligations_obligation (project_id)"], "a row cannot be written: "),
    ],
)
def test_tables_that_it_cannot_work_with_are_named(statements: list[str], says: str) -> None:
    change(*statements)
    with pytest.raises(CommandError, match=says):
        call_command("check_schema")
