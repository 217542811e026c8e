"""The database refuses to change the record, whoever asks."""

from __future__ import annotations

import pytest
from accounts.models import Organisation
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit import triggers
from audit.models import AuditChain, AuditEvent
from audit.services import Entry, record

REFUSAL = "only ever added to"
STATEMENTS = [
    "UPDATE audit_auditevent SET reason = 'Nothing happened.'",
    "UPDATE audit_auditevent SET reason = 'Nothing happened.' WHERE sequence = 1",
    "DELETE FROM audit_auditevent",
    "DELETE FROM audit_auditevent WHERE sequence = 2",
]
VENDORS_OWN = {
    "sqlite": [
        "INSERT OR REPLACE INTO audit_auditevent SELECT * FROM audit_auditevent WHERE sequence = 1",
        "UPDATE OR REPLACE audit_auditevent SET sequence = 1 WHERE sequence = 2",
    ],
    "postgresql": ["TRUNCATE audit_auditevent", "TRUNCATE accounts_user CASCADE"],
}


@pytest.fixture
def events(db: None) -> list[AuditEvent]:
    owner = Organisation.objects.create(name="Wandoo Ridge", slug="wandoo-ridge")
    events = [record(owner, None, Entry("organisation.rename", owner)) for _ in range(3)]
    # PostgreSQL truncates no table while keys wait to be checked, whatever triggers say.
    connection.check_constraints()
    return events


def _refused(statement: str) -> None:
    with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_changes_or_removes_events(events: list[AuditEvent], statement: str) -> None:
    _refused(statement)
    assert [event.pk for event in AuditEvent.objects.order_by("sequence")] == [event.pk for event in events]


def test_nor_does_a_statement_of_this_database_alone(events: list[AuditEvent]) -> None:
    for statement in VENDORS_OWN[connection.vendor]:
        _refused(statement)


def test_nor_does_the_orm(events: list[AuditEvent]) -> None:
    event = events[0]
    event.reason = "Nothing happened."
    for change in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
        AuditEvent.objects.update(reason="Nothing happened.")


def test_what_is_rolled_back_was_never_recorded(events: list[AuditEvent]) -> None:
    owner = events[0].organisation
    with transaction.atomic():
        record(owner, None, Entry("organisation.rename", owner))
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == 3
    assert AuditChain.objects.get().sequence == 3


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth() -> None:
    assert triggers.stand(connection)
    call_command("migrate", "audit", "0001", verbosity=0)
    assert not triggers.stand(connection)
    call_command("migrate", "audit", verbosity=0)
    assert triggers.stand(connection)
