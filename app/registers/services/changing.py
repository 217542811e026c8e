"""What all changes have in common: the permission, the check that nobody else was quicker, the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from accounts.models import User
from audit.services import Entry, differences, record
from django.core.exceptions import PermissionDenied
from django.db import models

from registers.models import Project
from registers.querysets import can

Row = TypeVar("Row", bound=models.Model)


class StaleRow(Exception):
    """Somebody changed the same fields since the page was opened.

    `current` is the row as it is stored now, `fields` are the names of the fields that differ.
    """

    def __init__(self, current: models.Model, fields: list[str]) -> None:
        super().__init__(f"{current}: {', '.join(fields)} changed meanwhile")
        self.current = current
        self.fields = fields


def require(actor: User, codename: str, project: Project) -> None:
    """Let only those through who hold the permission in the project.

    Raises:
        PermissionDenied: they do not.
    """
    if not can(actor, codename, project):
        raise PermissionDenied


def store(
    current: Row, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> dict[str, tuple[Any, Any]]:
    """Write changed fields into a row that the caller has locked, and return what they were and are.

    Two people who change different fields of a row at once both get what they want; of two who change the same field
    the second is told.

    Args:
        current: the row as stored now.
        changes: new values by field name.
        opened: the values that the actor saw in those fields; None if nobody looked.

    Raises:
        StaleRow: a field that is to be changed no longer holds what the actor saw.
        ValidationError: a value is not allowed.
    """
    stale = [name for name in changes if opened and name in opened and getattr(current, name) != opened[name]]
    stale = [name for name in stale if getattr(current, name) != changes[name]]
    if stale:
        raise StaleRow(current, stale)
    before = type(current)._default_manager.get(pk=current.pk)
    for name, value in changes.items():
        setattr(current, name, value)
    current.full_clean()
    current.save()
    return differences(before, current, changes)


def note(
    actor: User,
    project: Project,
    action: str,
    subject: models.Model,
    *,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    reason: str = "",
) -> None:
    """Record in the audit trail what was done to a row of the project."""
    entry = Entry(action, subject, project_id=project.pk, changes=changes or {}, reason=reason)
    record(project.organisation, actor, entry)


def as_added(row: models.Model, names: tuple[str, ...]) -> dict[str, tuple[Any, Any]]:
    """Return the fields that hold something, as an event's changes from nothing."""
    return differences(type(row)(), row, [name for name in names if getattr(row, name) not in (None, "")])
