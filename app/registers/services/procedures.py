"""Changes of controlled documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from files.models import StoredFile

from registers.models import Procedure, Project
from registers.services.changing import as_added, note, require, store

FIELDS = ("reference", "name", "version", "status", "effective", "review_on", "owner", "summary")


def procedure_add(*, actor: User, project: Project, values: Mapping[str, Any]) -> Procedure:
    """Add a controlled document to the project's organisation.

    Args:
        actor: who adds it; needs `vocabulary.manage` in the project.
        project: in which the actor works.
        values: of FIELDS.

    Raises:
        PermissionDenied: the actor may not change controlled documents here.
        ValidationError: there is one of that name, or a value is not allowed.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        procedure = Procedure(organisation=project.organisation, **values)
        _check(procedure)
        procedure.full_clean()
        procedure.save()
        note(actor, project, "procedure.add", procedure, changes=as_added(procedure, FIELDS))
    return procedure


def procedure_change(
    *,
    actor: User,
    project: Project,
    procedure: Procedure,
    changes: Mapping[str, Any],
    opened: Mapping[str, Any] | None = None,
) -> Procedure:
    """Change what is recorded of a controlled document.

    Args:
        actor: who changes it; needs `vocabulary.manage` in the project.
        project: in which the actor works.
        procedure: of the project's organisation.
        changes: new values of FIELDS by name.
        opened: the values that the actor saw.

    Raises:
        PermissionDenied: the actor may not change controlled documents here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: a value is not allowed.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        current = Procedure.objects.select_for_update().get(pk=procedure.pk)
        made = store(current, changes, opened)
        _check(current)  # after the values are in the row: what they say together is what counts
        note(actor, project, "procedure.change", current, changes=made)
    return current


def procedure_document(*, actor: User, project: Project, procedure: Procedure, file: StoredFile, name: str) -> None:
    """Keep the document itself; the one before it stays in the store.

    Args:
        actor: who attaches it; needs `vocabulary.manage` in the project.
        project: in which the actor works.
        procedure: whose document.
        file: as `files.services.store` returned it.
        name: the file's name as it was uploaded.

    Raises:
        PermissionDenied: the actor may not change controlled documents here.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        before = procedure.document_name
        procedure.document, procedure.document_name = file, name
        procedure.save(update_fields=["document", "document_name"])
        changes = {"document": (before, name), "sha256": ("", file.sha256)}
        note(actor, project, "procedure.document", procedure, changes=changes)


def _check(procedure: Procedure) -> None:
    others = Procedure.objects.filter(organisation=procedure.organisation, name__iexact=procedure.name)
    if others.exclude(pk=procedure.pk).exists():
        raise ValidationError({"name": f"There is a procedure “{procedure.name}” already."})
    if procedure.effective and procedure.review_on and procedure.review_on <= procedure.effective:
        raise ValidationError({"review_on": "The next review comes after the day from which it is effective."})
