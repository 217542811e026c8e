"""What happens to a corrective action: added, completed, checked for its effect, closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from django.utils import timezone
from registers.querysets import can

from obligations.models import CorrectiveAction, NonCompliance
from obligations.services.findings import act, as_added, because, belongs, edit, not_to_come, note, require, stored

TOLD = ("description", "owner", "due_on", "check_on")
RECORDED = ("completed_on", "completion_note", "check_on", "is_effective", "check_note", "checked_by", "closed_at")


def may_complete(user: User, action: CorrectiveAction) -> bool:
    """Return whether the person may say that it is done: whoever may close it, or its owner if they are given work."""
    if can(user, "corrective_action.close", action.project):
        return True
    return action.owner_id == user.pk and can(user, "corrective_action.complete.own", action.project)


def may_close(user: User, action: CorrectiveAction) -> bool:
    """Return whether the person may check and close it."""
    return can(user, "corrective_action.close", action.project)


def corrective_action_add(*, actor: User, non_compliance: NonCompliance, values: Mapping[str, Any]) -> CorrectiveAction:
    """Add something that is to be done about a non-compliance.

    Args:
        actor: who adds it; needs `noncompliance.change` in the project.
        non_compliance: an open one.
        values: description, owner, due_on and, if it is known, check_on.

    Raises:
        PermissionDenied: the actor may not change the non-compliance.
        ValidationError: it is closed, a value is missing, or the owner does not belong to the project.
    """
    require(actor, "noncompliance.change", non_compliance.project)
    with changing(non_compliance.project.organisation):
        row = CorrectiveAction(non_compliance=stored(non_compliance), **values)
        belongs(row.owner, row.project, "owner")
        _settle(row)
        row.full_clean()
        row.save()
        note(actor, row, "corrective_action.add", as_added(row, TOLD))
    return row


def corrective_action_change(
    *,
    actor: User,
    corrective_action: CorrectiveAction,
    changes: Mapping[str, Any],
    opened: Mapping[str, Any] | None = None,
) -> CorrectiveAction:
    """Change what is to be done, by whom and by when.

    Raises:
        PermissionDenied: the actor may not change the non-compliance.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: it is closed, or the owner does not belong to the project.
    """

    def settle(row: CorrectiveAction) -> None:
        # Who has the work already may have left since.
        if "owner" in changes:
            belongs(row.owner, row.project, "owner")
        _settle(row)

    return edit(
        corrective_action,
        actor=actor,
        codename="noncompliance.change",
        changes=changes,
        opened=opened,
        action="corrective_action.change",
        settle=settle,
    )


def corrective_action_complete(
    *,
    actor: User,
    corrective_action: CorrectiveAction,
    completed_on: date,
    completion_note: str,
    expected_version: int,
) -> CorrectiveAction:
    """Say that it is done; whether it works, the check of its effect finds out.

    Args:
        actor: who completed it: its owner, or who may close it.
        corrective_action: which.
        completed_on: the day, not after the project's today.
        completion_note: what was done.
        expected_version: the version that the actor saw.

    Raises:
        PermissionDenied: the actor is neither.
        StaleFinding: somebody else changed it meanwhile.
        ValidationError: it is completed or closed already, or the day lies ahead.
    """
    with _changed(actor, corrective_action, expected_version, "complete", completion_note, may=may_complete) as row:
        _open(row)
        if row.completed_on:
            raise ValidationError(f"It was completed on {row.completed_on:%-d %B %Y} already.")
        not_to_come(completed_on, row.project.today, "completed_on", "it was completed")
        row.completed_on, row.completion_note = completed_on, completion_note
    return row


def corrective_action_check(
    *,
    actor: User,
    corrective_action: CorrectiveAction,
    check_on: date,
    is_effective: bool,
    check_note: str,
    expected_version: int,
) -> CorrectiveAction:
    """Record whether it works. What works is closed with that; what does not stays open and asks for a new action.

    Args:
        actor: who checked; needs `corrective_action.close`.
        corrective_action: a completed one.
        check_on: the day of the check, from its completion to the project's today.
        is_effective: what the check found.
        check_note: how that was found.
        expected_version: the version that the actor saw.

    Raises:
        PermissionDenied: the actor may not close it.
        StaleFinding: somebody else changed it meanwhile.
        ValidationError: it is not completed or is closed, the day is impossible, or nothing is said.
    """
    with _changed(actor, corrective_action, expected_version, "check", check_note) as row:
        completed_on = _completed(row)
        not_to_come(check_on, row.project.today, "check_on", "it was checked")
        if check_on < completed_on:
            text = f"It was completed on {completed_on:%-d %B %Y}: enter that day or a later one."
            raise ValidationError({"check_on": text})
        because(check_note, "check_note")
        row.check_on, row.is_effective, row.check_note = check_on, is_effective, check_note
        row.checked_by = actor
        if is_effective:
            row.closed_at, row.closed_by = timezone.now(), actor
    return row


def corrective_action_close(
    *, actor: User, corrective_action: CorrectiveAction, reason: str, expected_version: int
) -> CorrectiveAction:
    """Close one that did not work, once another one takes its place.

    Raises:
        PermissionDenied: the actor may not close it.
        StaleFinding: somebody else changed it meanwhile.
        ValidationError: its effect has not been checked, no newer action takes its place, or no reason is given.
    """
    with _changed(actor, corrective_action, expected_version, "close", reason) as row:
        _completed(row)
        if row.is_effective is None:
            raise ValidationError("Check first whether it works: what works is closed with that.")
        if not row.non_compliance.actions.filter(pk__gt=row.pk).exists():
            raise ValidationError("It was found not effective: add the action that takes its place first.")
        because(reason)
        row.closed_at, row.closed_by = timezone.now(), actor
    return row


def corrective_action_reopen(
    *, actor: User, corrective_action: CorrectiveAction, reason: str, expected_version: int
) -> CorrectiveAction:
    """Take back that it was completed, and with that what a check found.

    Raises:
        PermissionDenied: the actor may not close it.
        StaleFinding: somebody else changed it meanwhile.
        ValidationError: it is not completed, its non-compliance is closed, or no reason is given.
    """
    with _changed(actor, corrective_action, expected_version, "reopen", reason) as row:
        _unresolved(row)
        if row.completed_on is None:
            raise ValidationError("It is not completed.")
        because(reason)
        row.completed_on = row.check_on = row.is_effective = row.checked_by = None
        row.closed_at = row.closed_by = None
        row.completion_note = row.check_note = ""
    return row


def _changed(
    actor: User, row: CorrectiveAction, expected_version: int, what: str, reason: str, *, may: Any = may_close
) -> AbstractContextManager[CorrectiveAction]:
    return act(
        row,
        actor=actor,
        allowed=lambda current: may(actor, current),
        expected_version=expected_version,
        action=f"corrective_action.{what}",
        recorded=RECORDED,
        reason=reason,
    )


def _settle(row: CorrectiveAction) -> None:
    _open(row)
    if row.check_on and row.is_effective is None and row.check_on < row.due_on:
        text = f"Its effect shows after it is done: enter a day after {row.due_on:%-d %B %Y}."
        raise ValidationError({"check_on": text})


def _unresolved(row: CorrectiveAction) -> None:
    non_compliance = row.non_compliance
    if not non_compliance.is_open:
        state = non_compliance.get_status_display().lower()
        raise ValidationError(f"{non_compliance.reference} is {state}: reopen it before its actions are changed.")


def _open(row: CorrectiveAction) -> None:
    _unresolved(row)
    if row.closed_at:
        raise ValidationError("The corrective action is closed: reopen it before it is changed.")


def _completed(row: CorrectiveAction) -> date:
    _open(row)
    if row.completed_on is None:
        raise ValidationError("It is not completed yet: say when it was done first.")
    return row.completed_on
