"""Four processes that write the same rows at once lose nothing and lock nobody out."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from accounts.models import User
from audit.models import AuditEvent
from audit.verification import verify
from config.tests.subprocesses import address_of_tests, python
from django.db import connection
from registers.models import Project

from obligations.models import OPEN_STATES, Obligation, Occurrence
from obligations.services.occurrences import occurrence_snooze

WRITERS = 4
ROUNDS = 25


@pytest.mark.django_db(transaction=True)
def test_four_writers_of_the_same_rows_lose_no_update(project: Project, manager: User) -> None:
    occurrence = Occurrence.objects.filter(state__in=OPEN_STATES, due_date__isnull=False).latest("due_date", "pk")
    obligation = occurrence.obligation
    occurrence = occurrence_snooze(
        actor=manager, occurrence=occurrence, target_date=None, expected_version=occurrence.version
    )
    obligation.refresh_from_db()
    written = AuditEvent.objects.latest("sequence").sequence
    arguments = (str(obligation.pk), str(occurrence.pk), manager.email, str(ROUNDS))
    address = address_of_tests()
    # Let go of the connection: its kept snapshot and locks are none of the writers' business.
    connection.close()
    command = ("-m", "obligations.tests.writer", *arguments)
    writers = [python(*command, ENSSOL_DATABASE_URL=address) for _ in range(WRITERS)]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    answers = [writer.communicate() for writer in writers]
    assert [errors for _, errors in answers] == [""] * WRITERS
    done = sum((Counter(json.loads(output)) for output, _ in answers), Counter())
    assert (done["obligation"], done["occurrence"]) == (WRITERS * ROUNDS, WRITERS * ROUNDS)
    # Whoever came second tried again upon what the first had stored, so every line that was added is there.
    fresh = Obligation.objects.get(pk=obligation.pk)
    assert fresh.general_comments.count(manager.email) == WRITERS * ROUNDS
    assert fresh.version == obligation.version + done["obligation"] + done["gate"]
    assert Occurrence.objects.get(pk=occurrence.pk).version == occurrence.version + done["occurrence"]
    # No number was given twice, and none was left out.
    numbers = project.non_compliances.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert project.non_compliances.filter(title=manager.email).count() == done["finding"] == WRITERS * ROUNDS // 5
    recorded = Counter(AuditEvent.objects.filter(sequence__gt=written).values_list("action", flat=True))
    assert recorded["obligation.change"] == done["obligation"] + done["gate"]
    assert recorded["occurrence.snooze"] == done["occurrence"]
    assert verify(project.organisation).fault == ""
