"""Evidence: kept with its day, locked with what it proves, proved unchanged, removed with a reason and a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from files import storage
from files.models import StoredFile
from registers.models import Project

from obligations.models import CorrectiveAction, Evidence, NonCompliance, Obligation, Occurrence
from obligations.services.evidence import (
    EvidenceResult,
    evidence_add,
    evidence_change,
    evidence_remove,
    evidence_review,
    evidence_verify,
)
from obligations.states import OccurrenceState, Result

PDF = b"%PDF-1.7\nthe report"
DAY = date(2025, 6, 30)

Add = Callable[..., EvidenceResult]


def pdf(name: str = "report.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def duty(project: Project) -> Obligation:
    return Obligation.objects.filter(project=project).for_page()[0]


@pytest.fixture
def occurrence(duty: Obligation) -> Occurrence:
    sequence = 1 + max(duty.occurrences.values_list("sequence", flat=True), default=0)
    return Occurrence.objects.create(project=duty.project, obligation=duty, sequence=sequence, due_date=DAY)


@pytest.fixture
def action(duty: Obligation) -> CorrectiveAction:
    lapse = NonCompliance.objects.create(
        project=duty.project, number=900, kind="non_compliant", title="Late", obligation=duty, aware_on=DAY
    )
    return CorrectiveAction.objects.create(non_compliance=lapse, description="Set a reminder", due_on=DAY)


@pytest.fixture
def add(duty: Obligation, manager: User) -> Add:
    """Add evidence of the duty as the manager, unless told otherwise."""

    def add(*files: SimpleUploadedFile, actor: User = manager, **values: object) -> EvidenceResult:
        said = {"effective_on": DAY, **values}
        return evidence_add(actor=actor, obligation=duty, files=files or (pdf(),), **said)  # type: ignore[arg-type]

    return add


def close(occurrence: Occurrence) -> None:
    Occurrence.objects.filter(pk=occurrence.pk).update(
        state=OccurrenceState.CLOSED, result=Result.COMPLIANT, completed_on=DAY
    )
    occurrence.refresh_from_db()


def test_evidence_has_a_day_of_its_own_beside_that_of_its_upload(
    add: Add, manager: User, occurrence: Occurrence
) -> None:
    (evidence,) = add(pdf("../report.pdf"), occurrence=occurrence, description="Dust in June").stored
    assert (evidence.name, evidence.effective_on, evidence.description) == ("report.pdf", DAY, "Dust in June")
    assert evidence.uploaded_at.date() != DAY
    assert evidence.uploaded_by == manager
    event = AuditEvent.objects.get(action="evidence.add")
    assert event.changes["sha256"] == [None, evidence.file.sha256]
    assert event.topic == f"obligation:{evidence.obligation_id}"


def test_uploading_is_work_on_the_occurrence(add: Add, occurrence: Occurrence) -> None:
    assert not occurrence.touched
    add(occurrence=occurrence)
    occurrence.refresh_from_db()
    assert occurrence.touched


def test_a_bad_file_holds_no_good_one_up(add: Add) -> None:
    result = add(pdf(), SimpleUploadedFile("run.exe", b"MZ\0"), SimpleUploadedFile("dust.csv", b"day,PM10\n"))
    assert [evidence.name for evidence in result.stored] == ["report.pdf", "dust.csv"]
    assert result.refused == ["run.exe is a program: programs and scripts are not taken."]


def test_a_file_that_cannot_be_stored_holds_no_other_one_up(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    save = storage.Folder._save

    def fails_for_png(folder: storage.Folder, name: str, content: SimpleUploadedFile) -> str:
        if str(content.name).endswith(".png"):
            raise OSError(28, "No space left on device")
        return save(folder, name, content)

    monkeypatch.setattr(storage.Folder, "_save", fails_for_png)
    result = add(SimpleUploadedFile("map.png", b"\x89PNG\r\n\x1a\n"), pdf())
    assert [evidence.name for evidence in result.stored] == ["report.pdf"]
    assert "map.png could not be stored" in result.refused[0]


def test_the_same_file_again_is_named_and_the_first_is_kept(add: Add, occurrence: Occurrence) -> None:
    (first,) = add(occurrence=occurrence).stored
    result = add(pdf("copy.pdf"), occurrence=occurrence)
    assert result.stored == []
    assert result.refused == ["copy.pdf has the same content as report.pdf, which is here already and is kept."]
    assert list(Evidence.objects.all()) == [first]
    # What proves two things is evidence of both, from one stored file.
    assert add(pdf("copy.pdf")).stored
    assert StoredFile.objects.count() == 1


def test_a_day_ahead_is_refused(add: Add) -> None:
    with pytest.raises(ValidationError, match="lies ahead"):
        add(effective_on=date(2999, 1, 1))
    assert not Evidence.objects.exists()


def test_what_is_closed_locks_its_evidence(add: Add, manager: User, occurrence: Occurrence) -> None:
    (evidence,) = add(occurrence=occurrence).stored
    close(occurrence)
    evidence.refresh_from_db()
    with pytest.raises(ValidationError, match="The occurrence is closed"):
        add(pdf("more.pdf", PDF + b"2"), occurrence=occurrence)
    with pytest.raises(ValidationError, match="The occurrence is closed"):
        evidence_remove(actor=manager, evidence=evidence, reason="Wrong one")
    with pytest.raises(ValidationError, match="The occurrence is closed"):
        evidence_change(actor=manager, evidence=evidence, effective_on=DAY, description="", reason="Typo")
    Occurrence.objects.filter(pk=occurrence.pk).update(state=OccurrenceState.IN_PROGRESS)
    assert evidence_remove(actor=manager, evidence=evidence, reason="Wrong one").removed_at


def test_a_closed_corrective_action_locks_its_evidence(add: Add, manager: User, action: CorrectiveAction) -> None:
    (evidence,) = add(corrective_action=action).stored
    action.closed_at = timezone.now()
    action.save()
    evidence.refresh_from_db()
    with pytest.raises(ValidationError, match="The corrective action is closed"):
        evidence_remove(actor=manager, evidence=evidence, reason="Wrong one")


def test_removing_asks_why_and_leaves_the_row_the_bytes_and_the_record(add: Add, manager: User, tmp_path: Path) -> None:
    (evidence,) = add().stored
    with pytest.raises(ValidationError, match="Say why"):
        evidence_remove(actor=manager, evidence=evidence, reason="  ")
    evidence_remove(actor=manager, evidence=evidence, reason="Another project's")
    evidence.refresh_from_db()
    assert (evidence.removed_by, evidence.removed_for) == (manager, "Another project's")
    assert not Evidence.objects.current().exists()
    assert [path for path in (tmp_path / "evidence").rglob(evidence.file.sha256) if path.is_file()]
    assert AuditEvent.objects.get(action="evidence.remove").reason == "Another project's"
    with pytest.raises(ValidationError, match=r"report\.pdf is removed"):
        evidence_remove(actor=manager, evidence=evidence, reason="Again")
    assert add().stored, "it can be uploaded again"


def test_a_corrected_day_is_recorded_with_what_it_was(add: Add, manager: User) -> None:
    (evidence,) = add().stored
    evidence_change(
        actor=manager, evidence=evidence, effective_on=date(2025, 6, 1), description="June", reason="Day of the sample"
    )
    changes = AuditEvent.objects.get(action="evidence.change").changes
    assert changes == {"effective_on": ["2025-06-30", "2025-06-01"], "description": ["", "June"]}


def test_a_file_is_verified_on_demand_and_a_changed_bit_is_found(add: Add, manager: User, tmp_path: Path) -> None:
    (evidence,) = add().stored
    assert evidence_verify(actor=manager, evidence=evidence)
    next((tmp_path / "evidence").rglob(evidence.file.sha256)).write_bytes(PDF + b"!")
    assert not evidence_verify(actor=manager, evidence=evidence)
    assert [event.changes for event in AuditEvent.objects.filter(action="evidence.verify").order_by("sequence")] == [
        {"intact": [True, True]},
        {"intact": [True, False]},
    ]


def test_somebody_else_than_the_uploader_reviews(add: Add, manager: User, approver: User) -> None:
    (evidence,) = add().stored
    with pytest.raises(ValidationError, match="somebody else"):
        evidence_review(actor=manager, evidence=evidence)
    assert evidence_review(actor=approver, evidence=evidence).reviewed_by == approver
    with pytest.raises(ValidationError, match="reviewed already"):
        evidence_review(actor=approver, evidence=evidence)


@pytest.fixture
def others(viewer: User, contributor: User, stranger: User) -> list[User]:
    """People who may look at most."""
    return [viewer, contributor, stranger]


def test_who_may_do_what(add: Add, occurrence: Occurrence, auditor: User, others: list[User]) -> None:
    (evidence,) = add().stored
    for person in (auditor, *others):
        with pytest.raises(PermissionDenied):
            add(actor=person, occurrence=occurrence)
        with pytest.raises(PermissionDenied):
            evidence_change(actor=person, evidence=evidence, effective_on=DAY, description="", reason="Mine")
        with pytest.raises(PermissionDenied):
            evidence_remove(actor=person, evidence=evidence, reason="Mine")
    for person in others:
        with pytest.raises(PermissionDenied):
            evidence_verify(actor=person, evidence=evidence)
        with pytest.raises(PermissionDenied):
            evidence_review(actor=person, evidence=evidence)
    assert evidence_verify(actor=auditor, evidence=evidence)


def test_a_contributor_uploads_to_what_is_theirs(
    add: Add, duty: Obligation, occurrence: Occurrence, action: CorrectiveAction, contributor: User
) -> None:
    occurrence.assigned_to = contributor
    action.owner = contributor
    assert add(actor=contributor, occurrence=occurrence).stored
    assert add(actor=contributor, corrective_action=action).stored
    with pytest.raises(PermissionDenied):
        add(actor=contributor)
    duty.responsible_person = contributor
    assert add(actor=contributor).stored
