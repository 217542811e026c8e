"""What happens to the files that prove what was done."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from accounts.roles import allowed
from audit.services import Entry, changing, differences, record
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import File
from django.utils import timezone
from files.models import StoredFile
from files.services import clean_name, is_intact, note, store
from registers.querysets import roles_in

from obligations.models import CorrectiveAction, Evidence, Inspection, Obligation, Occurrence
from obligations.services.authorising import may, require

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proven:
    """What evidence proves something about: an obligation, or one part of what is done for it."""

    obligation: Obligation
    occurrence: Occurrence | None = None
    inspection: Inspection | None = None
    corrective_action: CorrectiveAction | None = None

    @classmethod
    def by(cls, evidence: Evidence) -> Proven:
        """Return what a piece of evidence proves something about."""
        return cls(evidence.obligation, evidence.occurrence, evidence.inspection, evidence.corrective_action)

    @property
    def parts(self) -> dict[str, Any]:
        """The parts by the names that evidence has for them."""
        return {
            "occurrence": self.occurrence,
            "inspection": self.inspection,
            "corrective_action": self.corrective_action,
        }

    @property
    def subject(self) -> Any:
        """The row itself: the part, or else the obligation."""
        return self.occurrence or self.inspection or self.corrective_action or self.obligation

    @property
    def lock(self) -> str:
        """Why nothing about its evidence can be changed; empty while it can."""
        if self.occurrence is not None and self.occurrence.is_done:
            state = self.occurrence.get_state_display().lower()
            return f"The occurrence is {state}, which locks its evidence: reopen it first."
        if self.corrective_action is not None and self.corrective_action.closed_at is not None:
            return "The corrective action is closed, which locks its evidence."
        return ""

    def may_upload(self, user: User) -> bool:
        """Return whether the person may add evidence: everywhere, or to what is given to them."""
        if may(user, "evidence.upload", self.obligation, self.occurrence):
            return True
        given_to = {
            self.inspection.inspector_id if self.inspection else None,
            self.corrective_action.owner_id if self.corrective_action else None,
        }
        return user.pk in given_to and allowed("evidence.upload.own", roles_in(user, self.obligation.project))


@dataclass(frozen=True)
class EvidenceResult:
    """What became of the files of one upload: those that were kept, and why the others were not."""

    stored: list[Evidence]
    refused: list[str]


def evidence_add(
    *,
    actor: User,
    obligation: Obligation,
    files: Iterable[File[bytes]],
    effective_on: date,
    description: str = "",
    occurrence: Occurrence | None = None,
    inspection: Inspection | None = None,
    corrective_action: CorrectiveAction | None = None,
) -> EvidenceResult:
    """Keep files as evidence. A file that cannot be kept holds no other one up.

    Args:
        actor: who uploads them; needs `evidence.upload`, or `evidence.upload.own` where the work is theirs.
        obligation: what they prove something about.
        files: the files, each under the name that it was uploaded with.
        effective_on: the day that they speak of, not after the project's today.
        description: what they show.
        occurrence: the occurrence that they belong to, if they do.
        inspection: the inspection that they belong to, if they do.
        corrective_action: the corrective action that they belong to, if they do.

    Raises:
        PermissionDenied: the actor may not add evidence here.
        ValidationError: what they belong to is closed, or the date lies ahead; nothing was kept.
    """
    proven = Proven(obligation, occurrence, inspection, corrective_action)
    if not proven.may_upload(actor):
        raise PermissionDenied
    _past(effective_on, obligation)
    _unlocked(proven)
    organisation = obligation.project.organisation
    kept: list[tuple[str, StoredFile]] = []
    refused: list[str] = []
    # Before the transaction: bytes take their time, and others want to write meanwhile.
    for file in files:
        name = clean_name(file.name or "")
        try:
            kept.append((name, store(organisation=organisation, upload=file, actor=actor)))
        except ValidationError as error:
            refused += error.messages
        except OSError:
            logger.exception("An uploaded file could not be stored")
            refused.append(f"{name} could not be stored because of a fault on our side: upload it again later.")
    with changing(organisation):
        proven = _locked_row(proven)
        stored = []
        for name, content in kept:
            there = obligation.evidence.current().filter(file=content, **proven.parts).first()
            if there is not None:
                refused.append(f"{name} has the same content as {there.name}, which is here already and is kept.")
                continue
            evidence = Evidence.objects.create(
                obligation=obligation,
                file=content,
                name=name,
                description=description,
                effective_on=effective_on,
                uploaded_by=actor,
                **proven.parts,
            )
            stored.append(evidence)
            said = {"name": name, "sha256": content.sha256, "effective_on": effective_on, "description": description}
            said |= {part: str(row) for part, row in proven.parts.items() if row}
            _record(actor, evidence, "evidence.add", {field: (None, value) for field, value in said.items()})
        if stored and occurrence is not None:
            Occurrence.objects.filter(pk=occurrence.pk, touched=False).update(touched=True)
    return EvidenceResult(stored, refused)


def evidence_change(*, actor: User, evidence: Evidence, effective_on: date, description: str, reason: str) -> Evidence:
    """Correct the day that a file speaks of, or its description.

    Raises:
        PermissionDenied: the actor may not add evidence here.
        ValidationError: it is locked or removed, the date lies ahead, or no reason is given.
    """
    if not Proven.by(evidence).may_upload(actor):
        raise PermissionDenied
    _past(effective_on, evidence.obligation)
    with changing(evidence.obligation.project.organisation):
        current = _to_change(evidence, reason)
        before = copy(current)
        current.effective_on, current.description = effective_on, description
        current.save(update_fields=["effective_on", "description"])
        changes = differences(before, current, ("effective_on", "description"))
        _record(actor, current, "evidence.change", changes, reason)
    return current


def evidence_remove(*, actor: User, evidence: Evidence, reason: str) -> Evidence:
    """Take a file out of the evidence; the row, the bytes and the record of it stay.

    Raises:
        PermissionDenied: the actor may not remove evidence here.
        ValidationError: it is locked or removed already, or no reason is given.
    """
    require(actor, "evidence.delete", evidence.obligation)
    with changing(evidence.obligation.project.organisation):
        current = _to_change(evidence, reason)
        current.removed_at, current.removed_by, current.removed_for = timezone.now(), actor, reason
        current.save(update_fields=["removed_at", "removed_by", "removed_for"])
        changes = {"name": (current.name, None), "sha256": (current.file.sha256, None)}
        _record(actor, current, "evidence.remove", changes, reason)
    return current


def evidence_review(*, actor: User, evidence: Evidence) -> Evidence:
    """Note that somebody other than who uploaded a file has looked at it and found that it proves what it should.

    Raises:
        PermissionDenied: the actor may not review evidence here.
        ValidationError: it is the actor's own upload, removed, or reviewed already.
    """
    require(actor, "evidence.verify", evidence.obligation)
    with changing(evidence.obligation.project.organisation):
        current = _row(evidence)
        if current.removed_at or current.reviewed_at:
            raise ValidationError(f"{current.name} is {'removed' if current.removed_at else 'reviewed already'}.")
        if current.uploaded_by_id == actor.pk:
            raise ValidationError("You uploaded it yourself: somebody else has to review it.")
        current.reviewed_at, current.reviewed_by = timezone.now(), actor
        current.save(update_fields=["reviewed_at", "reviewed_by"])
        _record(actor, current, "evidence.review", {"reviewed_by": (None, str(actor))})
    return current


def evidence_verify(*, actor: User, evidence: Evidence) -> bool:
    """Hash a file again, and record whether it is still what was uploaded.

    Raises:
        PermissionDenied: the actor may not verify evidence here.
    """
    require(actor, "evidence.verify", evidence.obligation)
    before = evidence.file.intact
    # Before the transaction: bytes take their time.
    intact = is_intact(evidence.file)
    with changing(evidence.obligation.project.organisation):
        note(evidence.file, intact=intact)
        _record(actor, evidence, "evidence.verify", {"intact": (before, intact)})
    return intact


def _past(effective_on: date, obligation: Obligation) -> None:
    if effective_on > obligation.project.today:
        raise ValidationError("The effective date lies ahead: enter the day that the files speak of.")


def _unlocked(proven: Proven) -> None:
    if proven.lock:
        raise ValidationError(proven.lock)


def _locked_row(proven: Proven) -> Proven:
    """Return what is proven as it is stored now, so that it cannot be closed before the transaction ends."""
    parts = {
        name: type(row)._default_manager.select_for_update().get(pk=row.pk) if row else None
        for name, row in proven.parts.items()
    }
    proven = Proven(proven.obligation, **parts)
    _unlocked(proven)
    return proven


def _row(evidence: Evidence) -> Evidence:
    """Return evidence as it is stored now, for this transaction alone."""
    return Evidence.objects.select_for_update(of=("self",)).for_list().get(pk=evidence.pk)


def _to_change(evidence: Evidence, reason: str) -> Evidence:
    current = _row(evidence)
    if current.removed_at:
        raise ValidationError(f"{current.name} is removed.")
    _locked_row(Proven.by(current))
    if not reason.strip():
        raise ValidationError("Say why: the reason is kept with it.")
    return current


def _record(actor: User, evidence: Evidence, action: str, changes: dict[str, Any], reason: str = "") -> None:
    project = evidence.obligation.project
    entry = Entry(action, evidence, project.pk, topic=evidence.obligation, changes=changes, reason=reason)
    record(project.organisation, actor, entry)
