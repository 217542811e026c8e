"""Changes of the tree of conditions that leave every obligation as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError

from registers.models import Condition, Mechanism
from registers.services.changing import as_added, note, require, store

FIELDS = ("number", "heading", "text", "is_objective")


def condition_add(*, actor: User, mechanism: Mechanism, values: Mapping[str, Any]) -> Condition:
    """Add a condition to a mechanism as it stands; what an amendment brings comes with its version.

    Args:
        actor: who adds it; needs `mechanism.change` in the project.
        mechanism: whose condition.
        values: of FIELDS, and `parent`.

    Raises:
        PermissionDenied: the actor may not change mechanisms here.
        ValidationError: the number is taken, or a value is not allowed.
    """
    require(actor, "mechanism.change", mechanism.project)
    with changing(mechanism.project.organisation):
        condition = Condition(mechanism=mechanism, **values)
        check_number(condition, condition.number)
        check_place(condition, condition.parent)
        condition.full_clean(exclude=["sort_key"])
        condition.save()
        note(actor, mechanism.project, "condition.add", condition, changes=as_added(condition, (*FIELDS, "parent")))
    return condition


def condition_correct(
    *,
    actor: User,
    condition: Condition,
    changes: Mapping[str, Any],
    reason: str,
    opened: Mapping[str, Any] | None = None,
) -> Condition:
    """Correct a current condition where it was copied wrongly; words that the regulator changed need a new version.

    Args:
        actor: who corrects it; needs `mechanism.change` in the project.
        condition: a current one.
        changes: new values of FIELDS by name.
        reason: what was wrong.
        opened: the values that the actor saw.

    Raises:
        PermissionDenied: the actor may not change mechanisms here.
        StaleRow: somebody else corrected the same field meanwhile.
        ValidationError: the condition has ended, no reason is given, or a value is not allowed.
    """
    project = condition.mechanism.project
    require(actor, "mechanism.change", project)
    if not reason.strip():
        raise ValidationError({"reason": "Say what was wrong: whoever reads the trail later will ask."})
    with changing(project.organisation):
        current = _locked(condition)
        check_number(current, changes.get("number", current.number))
        note(actor, project, "condition.correct", current, changes=store(current, changes, opened), reason=reason)
    return current


def condition_move(*, actor: User, condition: Condition, parent: Condition | None) -> Condition:
    """Put a condition, with all below it, under another one of its mechanism, or at the top.

    Raises:
        PermissionDenied: the actor may not change mechanisms here.
        ValidationError: the condition has ended, or the place is below the condition itself or elsewhere.
    """
    project = condition.mechanism.project
    require(actor, "mechanism.change", project)
    with changing(project.organisation):
        current = _locked(condition)
        check_place(current, parent)
        before = current.parent
        current.parent = parent
        current.save(update_fields=["parent", "sort_key"])
        changes = {"parent": (str(before or ""), str(parent or ""))}
        note(actor, project, "condition.move", current, changes=changes)
    return current


def check_number(condition: Condition, number: str) -> None:
    """See that the number is free among the mechanism's current conditions.

    Raises:
        ValidationError: it is not.
    """
    others = condition.mechanism.conditions.filter(number=number, ended_on=None).exclude(pk=condition.pk)
    if others.exists():
        raise ValidationError({"number": f"{condition.mechanism} already has a condition {number}."})


def check_place(condition: Condition, parent: Condition | None) -> None:
    """See that a condition may stand under that one.

    Raises:
        ValidationError: it may not.
    """
    if parent is None:
        return
    if parent.mechanism_id != condition.mechanism_id:
        raise ValidationError({"parent": f"{parent} belongs to another mechanism: choose one of this mechanism."})
    if parent.ended_on is not None:
        raise ValidationError({"parent": f"{parent} has ended: choose a condition that is in force."})
    above: Condition | None = parent
    while above is not None:
        if condition.pk is not None and above.pk == condition.pk:
            raise ValidationError({"parent": f"{parent} stands below {condition} itself: choose another place."})
        above = above.parent


def _locked(condition: Condition) -> Condition:
    # Only the row itself: the database of the server cannot lock the rows of an outer join.
    rows = Condition.objects.select_for_update(of=("self",)).select_related("mechanism__project")
    current: Condition = rows.get(pk=condition.pk)
    if current.ended_on is not None:
        raise ValidationError(f"{current} ended on {current.ended_on:%-d %B %Y}: its words stay as they were.")
    return current
