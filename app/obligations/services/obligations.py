"""Every change of an obligation but those of its occurrences."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import Entry, changing, differences, record
from django.core.exceptions import PermissionDenied, ValidationError
from registers.models import Project
from registers.querysets import can

from obligations.models import VOCABULARIES, Obligation, Suspension
from obligations.services.authorising import require
from obligations.services.materialise import RuleChange, rematerialise
from obligations.states import Lifecycle

# What a stored row names is there: the database sees to that. The mechanism is half of what makes a number unique.
UNCHECKED = {field.name for field in Obligation._meta.concrete_fields if field.is_relation} - {"mechanism"}


class StaleObligation(Exception):
    """Somebody saved since the page was opened; `current` is what is stored now."""

    def __init__(self, current: Obligation) -> None:
        super().__init__(f"{current} was changed to version {current.version}")
        self.current = current


def obligation_create(*, actor: User, project: Project, values: Mapping[str, Any]) -> Obligation:
    """Add an obligation; when it falls due, `rules.rule_set` says.

    Args:
        actor: who adds it; needs `obligation.add` in the project.
        project: where it belongs.
        values: fields of Obligation, among them mechanism, number and requirement.

    Raises:
        PermissionDenied: the actor may not add obligations here.
        ValidationError: a value is missing or not allowed.
    """
    if not can(actor, "obligation.add", project):
        raise PermissionDenied
    with changing(project.organisation):
        obligation = Obligation(project=project, **values)
        obligation.full_clean()
        obligation.save()
        changes = {name: (None, str(value)) for name, value in values.items() if value not in (None, "")}
        entry = Entry("obligation.add", obligation, project.pk, changes=changes)
        record(project.organisation, actor, entry)
    return obligation


def obligation_update(
    *,
    actor: User,
    obligation: Obligation,
    changes: Mapping[str, Any],
    expected_version: int,
    reason: str = "",
) -> Obligation:
    """Store the changed fields, unless somebody else stored a newer version.

    Args:
        actor: who changes it; needs `obligation.change` in the project.
        obligation: the row as it was read.
        changes: new values by field name.
        expected_version: the version that the actor saw.
        reason: why, for the record.

    Raises:
        PermissionDenied: the actor may not change obligations here.
        StaleObligation: the stored version is another one; nothing was written.
        ValidationError: a value is not allowed; nothing was written.
    """
    require(actor, "obligation.change", obligation)
    with changing(obligation.project.organisation):
        current = _current(obligation, expected_version)
        before = copy(current)
        for name, value in changes.items():
            setattr(current, name, value)
        current.full_clean(exclude=UNCHECKED - changes.keys())
        said = differences(before, current, changes)
        if not said:
            return current
        current.version += 1
        current.save()
        entry = Entry("obligation.change", current, current.project_id, changes=said, reason=reason)
        record(current.project.organisation, actor, entry)
        if {"phase", "phase_gated", "mechanism"} & said.keys():
            rematerialise(current, current.project.today)
            current.refresh_from_db(fields=["action_due_date", "status", "close_out_date"])
    return current


def obligation_suspend(*, actor: User, obligation: Obligation, starts_on: date, reason: str) -> RuleChange:
    """Let the obligation ask for nothing from a day on, until it is resumed.

    Raises:
        ValidationError: it is suspended or retired already, or no reason is given.
    """
    require(actor, "obligation.retire", obligation)
    with changing(obligation.project.organisation):
        current = _in_lifecycle(obligation, Lifecycle.ACTIVE)
        _because(reason)
        Suspension.objects.create(obligation=current, starts_on=starts_on, reason=reason, recorded_by=actor)
        return _live(actor, current, Lifecycle.SUSPENDED, "obligation.suspend", reason, since=starts_on)


def obligation_resume(*, actor: User, obligation: Obligation, on: date) -> RuleChange:
    """End the suspension: the sequence goes on from that day as if it had not been.

    Raises:
        ValidationError: it is not suspended, or the day is not after the suspension's first.
    """
    require(actor, "obligation.retire", obligation)
    with changing(obligation.project.organisation):
        current = _in_lifecycle(obligation, Lifecycle.SUSPENDED)
        suspension = current.suspensions.filter(ends_on=None).latest("starts_on")
        if on <= suspension.starts_on:
            raise ValidationError({"on": f"Give a day after {suspension.starts_on:%-d %B %Y}, when it was suspended."})
        suspension.ends_on = on
        suspension.save()
        return _live(actor, current, Lifecycle.ACTIVE, "obligation.resume", "", since=on)


def obligation_retire(*, actor: User, obligation: Obligation, reason: str) -> RuleChange:
    """Take the obligation out of use for good; its history stays.

    Raises:
        ValidationError: it is retired already, or no reason is given.
    """
    require(actor, "obligation.retire", obligation)
    with changing(obligation.project.organisation):
        current = _in_lifecycle(obligation, Lifecycle.ACTIVE, Lifecycle.SUSPENDED)
        _because(reason)
        return _live(actor, current, Lifecycle.RETIRED, "obligation.retire", reason)


def obligation_reinstate(*, actor: User, obligation: Obligation, reason: str) -> RuleChange:
    """Take a retired obligation into use again.

    Raises:
        ValidationError: it is not retired, or no reason is given.
    """
    require(actor, "obligation.retire", obligation)
    with changing(obligation.project.organisation):
        current = _in_lifecycle(obligation, Lifecycle.RETIRED)
        _because(reason)
        suspended = current.suspensions.filter(ends_on=None).exists()
        lifecycle = Lifecycle.SUSPENDED if suspended else Lifecycle.ACTIVE
        return _live(actor, current, lifecycle, "obligation.reinstate", reason)


def _current(obligation: Obligation, expected_version: int) -> Obligation:
    rows = Obligation.objects.select_for_update(of=("self",)).select_related(
        "project__organisation", "mechanism", "condition", *VOCABULARIES
    )
    current: Obligation = rows.get(pk=obligation.pk)
    if current.version != expected_version:
        raise StaleObligation(current)
    return current


def _in_lifecycle(obligation: Obligation, *allowed: Lifecycle) -> Obligation:
    current = _current(obligation, obligation.version)
    if current.lifecycle not in allowed:
        raise ValidationError(f"The obligation is {current.get_lifecycle_display().lower()}.")
    return current


def _live(
    actor: User, current: Obligation, lifecycle: Lifecycle, action: str, reason: str, *, since: date | None = None
) -> RuleChange:
    """Store the lifecycle, bring the occurrences in line with it, and record it."""
    before, current.lifecycle = current.lifecycle, lifecycle
    current.version += 1
    current.save()
    change = rematerialise(current, current.project.today, since=since)
    changes = {
        "lifecycle": (before, str(lifecycle)),
        "removed dates": (change.removed, []),
        "added dates": ([], change.added),
    }
    record(
        current.project.organisation, actor, Entry(action, current, current.project_id, changes=changes, reason=reason)
    )
    return change


def _because(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the reason is kept in the record."})
