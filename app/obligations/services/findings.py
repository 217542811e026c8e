"""What all changes of inspections, non-compliances and corrective actions have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date
from typing import Any, TypeVar

from accounts.models import User
from audit.services import Entry, changing, differences, record
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from registers.models import Project
from registers.querysets import can
from registers.services.changing import store

from obligations.models import CorrectiveAction, Inspection, NonCompliance, Obligation

Row = TypeVar("Row", Inspection, NonCompliance, CorrectiveAction)


class StaleFinding(Exception):
    """Somebody saved since the page was opened; `current` is what is stored now."""

    def __init__(self, current: Inspection | NonCompliance | CorrectiveAction) -> None:
        super().__init__(f"{current} was changed to version {current.version}")
        self.current = current


def require(actor: User, codename: str, project: Project) -> None:
    """Let only those through who hold the permission in the project.

    Raises:
        PermissionDenied: they do not.
    """
    if not can(actor, codename, project):
        raise PermissionDenied


@contextmanager
def act(
    row: Row,
    *,
    actor: User,
    allowed: Callable[[Row], bool],
    expected_version: int,
    action: str,
    recorded: tuple[str, ...],
    reason: str = "",
) -> Iterator[Row]:
    """Give the stored row to change; then save it, and record the change where its obligation shows it.

    Raises:
        PermissionDenied: the actor is not allowed to.
        StaleFinding: the stored version is another one; nothing was written.
    """
    with changing(row.project.organisation):
        current = stored(row)
        if not allowed(current):
            raise PermissionDenied
        if current.version != expected_version:
            raise StaleFinding(current)
        before = copy(current)
        yield current
        current.version += 1
        current.save()
        note(actor, current, action, differences(before, current, recorded), reason)


def edit(
    row: Row,
    *,
    actor: User,
    codename: str,
    changes: Mapping[str, Any],
    opened: Mapping[str, Any] | None,
    action: str,
    settle: Callable[[Row], None],
    follows: tuple[str, ...] = (),
) -> Row:
    """Store changed fields; of two people who change the same field at once, the second is told.

    Args:
        row: what to change.
        actor: who changes it.
        codename: the permission that it takes.
        changes: new values by field name.
        opened: the values that the actor saw; None if nobody looked.
        action: codename of the event.
        settle: checks the row as it is going to be, and brings what follows from it in line.
        follows: the fields that follow.

    Raises:
        PermissionDenied: the actor may not change it.
        StaleRow: a field that is to be changed no longer holds what the actor saw.
        ValidationError: a value is not allowed.
    """
    require(actor, codename, row.project)
    with changing(row.project.organisation):
        current = stored(row)
        before = copy(current)
        store(current, changes, opened)
        settle(current)
        said = differences(before, current, [*changes, *follows])
        if said:
            current.version += 1
            current.save()
            note(actor, current, action, said)
    return current


def note(actor: User | None, row: Any, action: str, changes: Mapping[str, tuple[Any, Any]], reason: str = "") -> None:
    """Record what happened to a row, for the page of its obligation to show."""
    obligation: Obligation = row.obligation
    project = obligation.project
    record(project.organisation, actor, Entry(action, row, project.pk, obligation, changes, reason))


def stored(row: Row) -> Row:
    """Return the row as it is stored now, for this transaction alone."""
    rows: models.QuerySet[Row] = type(row).objects.select_for_update(of=("self",)).for_page()
    return rows.get(pk=row.pk)


def as_added(row: models.Model, names: tuple[str, ...]) -> dict[str, tuple[Any, Any]]:
    """Return the fields that hold something, as an event's changes from nothing."""
    values = {name: getattr(row, name) for name in names}
    return {
        name: (None, str(value) if isinstance(value, models.Model) else value)
        for name, value in values.items()
        if value not in (None, "", False)
    }


def because(reason: str, field: str = "reason") -> None:
    """Insist on a reason.

    Raises:
        ValidationError: there is none.
    """
    if not reason.strip():
        raise ValidationError({field: "Say why: the reason is kept in the record."})


def not_to_come(day: date | None, today: date, field: str, what: str) -> None:
    """Insist that a day, if it is given, is not after the project's today.

    Raises:
        ValidationError: it is.
    """
    if day and day > today:
        raise ValidationError({field: to_come(day, what)})


def to_come(day: date, what: str) -> str:
    return f"{day:%-d %B %Y} is still to come: enter the day on which {what}."


def belongs(person: User | None, project: Project, field: str) -> None:
    """Insist that somebody to whom work is given belongs to the project.

    Raises:
        ValidationError: they do not.
    """
    if person and not project.people().filter(pk=person.pk).exists():
        raise ValidationError({field: f"{person} does not belong to {project}: choose one of its people."})
