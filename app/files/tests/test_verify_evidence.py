"""The nightly command finds every file that is not what was uploaded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from accounts.models import Organisation
from audit.models import AuditEvent
from django.core.management import CommandError, call_command

from files.models import StoredFile
from files.services import store
from files.tests.conftest import upload


@pytest.fixture
def stored(organisation: Organisation) -> list[StoredFile]:
    return [
        store(organisation=organisation, upload=upload(f"{number}.csv", b"day,%d\n" % number), actor=None)
        for number in range(3)
    ]


def test_files_that_are_whole_are_counted_and_dated(stored: list[StoredFile]) -> None:
    said = io.StringIO()
    call_command("verify_evidence", stdout=said)
    assert said.getvalue() == "3 files are what was uploaded\n"
    assert not StoredFile.objects.filter(checked_at=None).exists()
    assert not AuditEvent.objects.exists()


def test_it_names_what_is_lost_and_what_is_altered_and_fails(stored: list[StoredFile], kept: Path) -> None:
    lost, altered, _ = stored
    next(kept.rglob(lost.sha256)).unlink()
    next(kept.rglob(altered.sha256)).write_bytes(b"day,9\n")
    for _night in range(2):
        said = io.StringIO()
        with pytest.raises(CommandError, match="2 of 3 files"):
            call_command("verify_evidence", stderr=said)
        assert [line.split()[3].rpartition("/")[2] for line in said.getvalue().splitlines()] == [
            lost.sha256,
            altered.sha256,
        ]
    assert set(StoredFile.objects.filter(intact=False)) == {lost, altered}
    # Recorded when it is found, not again each night.
    assert AuditEvent.objects.filter(action="evidence.verify").count() == 2
