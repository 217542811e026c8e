"""One change of many obligations: what it would do, doing it, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from audit.services import Entry, changing, differences, record_many
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.utils import timezone
from registers.models import Project
from registers.querysets import can

from obligations.models import VOCABULARIES, Basis, Obligation
from obligations.querysets import ObligationQuerySet
from obligations.services.materialise import rematerialise
from obligations.services.obligations import obligation_reinstate, obligation_retire
from obligations.states import Lifecycle, Risk

FIELDS = ("responsible_person", "responsible_role", "aspect", "phase", "risk", "tags")
# At most so many in one transaction, which keeps other writers waiting.
LIMIT = 5000
LONGEST_TAGS = 255


@dataclass(frozen=True)
class Planned:
    """An obligation, and what a change does to it: field -> (before, after), or why it is refused."""

    obligation: Obligation
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True)
class BulkResult:
    """What a change does, or did, to each of many obligations."""

    changed: list[Planned]
    unchanged: list[Planned]
    refused: list[Planned]


def obligations_plan(
    *,
    actor: User,
    project: Project,
    obligations: ObligationQuerySet,
    changes: Mapping[str, Any],
    versions: Mapping[int, int] | None = None,
) -> BulkResult:
    """Return what `obligations_change` would do, without doing it; arguments and errors are the same."""
    _require(actor, project, changes)
    plans = [
        _plan(row, changes, versions)
        for row in obligations.filter(project=project).select_related(*FIELDS[:4], "mechanism", "project")
    ]
    return BulkResult(
        changed=[plan for plan in plans if plan.changes],
        unchanged=[plan for plan in plans if not (plan.changes or plan.refused)],
        refused=[plan for plan in plans if plan.refused],
    )


def obligations_change(
    *,
    actor: User,
    project: Project,
    obligations: ObligationQuerySet,
    changes: Mapping[str, Any],
    reason: str = "",
    versions: Mapping[int, int] | None = None,
) -> BulkResult:
    """Change many obligations in one transaction, with one event for each; those that cannot be changed are left.

    Args:
        actor: who changes them; needs `obligation.bulk_edit`, and `obligation.retire` to retire them.
        project: where they belong; others are left out.
        obligations: which ones, at most LIMIT.
        changes: new values of responsible_person, responsible_role, aspect, phase and risk; `add_tag` and `remove_tag`;
            `lifecycle`, which can only be retired.
        reason: why, for the record; needed to retire.
        versions: the version of each that the actor saw, by key; None if nobody looked.

    Raises:
        PermissionDenied: the actor may not do that here.
        ValidationError: a value is not allowed, or there are too many; nothing was written.
    """
    with changing(project.organisation):
        locked = Obligation.objects.filter(pk__in=list(obligations.values_list("pk", flat=True)[: LIMIT + 1]))
        list(locked.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        result = obligations_plan(actor=actor, project=project, obligations=locked, changes=changes, versions=versions)
        _write(actor, project, result.changed, "obligation.change", reason)
        for plan in result.changed:
            if "lifecycle" in plan.changes:
                obligation_retire(actor=actor, obligation=_stored(plan.obligation), reason=reason)
                plan.obligation.version += 1
    return result


def obligations_restore(
    *, actor: User, project: Project, before: Mapping[int, tuple[int, Mapping[str, Any]]]
) -> BulkResult:
    """Take back a change of many, for those that nobody touched since.

    Args:
        actor: who takes it back; the permissions are those of `obligations_change`.
        project: where they belong.
        before: key -> the version that the change led to, and the values before it by field name.

    Raises:
        PermissionDenied: the actor may not do that here.
    """
    plans = []
    _require(actor, project, {name: None for _, values in before.values() for name in values})
    with changing(project.organisation):
        rows = Obligation.objects.filter(project=project, pk__in=before).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))
        for row in rows.select_related("mechanism", "project", *FIELDS[:4]):
            version, values = before[row.pk]
            if row.version != version:
                plans.append(Planned(row, refused="It was changed since, and stays as it is."))
                continue
            plans.append(Planned(row, {name: (getattr(row, name), value) for name, value in values.items()}))
        changed = [plan for plan in plans if not plan.refused]
        for plan in changed:
            if "lifecycle" in plan.changes:
                obligation_reinstate(actor=actor, obligation=plan.obligation, reason="Undo")
                plan.obligation.refresh_from_db()
        _write(actor, project, changed, "obligation.change", "Undo")
    return BulkResult(changed, [], [plan for plan in plans if plan.refused])


def tags_of(text: str) -> list[str]:
    """Return the tags that stand in a field, each once, in its first spelling."""
    found: dict[str, str] = {}
    for tag in text.split(","):
        if tag.strip():
            found.setdefault(tag.strip().casefold(), tag.strip())
    return list(found.values())


def _require(actor: User, project: Project, changes: Mapping[str, Any]) -> None:
    wanted = {"obligation.bulk_edit"} | ({"obligation.retire"} if "lifecycle" in changes else set())
    if not all(can(actor, codename, project) for codename in wanted):
        raise PermissionDenied
    for name, value in changes.items():
        if value in (None, ""):
            continue
        if name in VOCABULARIES and value.organisation_id != project.organisation_id:
            raise ValidationError(f"The word {value} belongs to another organisation: choose one of this organisation.")
        if name == "responsible_person" and not project.people().filter(pk=value.pk).exists():
            raise ValidationError(f"{value} does not belong to this project: choose one of its people.")
        if name == "risk" and value not in Risk.values:
            raise ValidationError(f"{value} is no risk: choose low, medium or high.")


def _plan(row: Obligation, changes: Mapping[str, Any], versions: Mapping[int, int] | None) -> Planned:
    if versions is not None and versions.get(row.pk) != row.version:
        return Planned(row, refused="Somebody changed it since you chose it. Look at it again.")
    if row.lifecycle == Lifecycle.RETIRED:
        return Planned(row, refused="It is retired. Reinstate it first.")
    wanted = {name: value for name, value in changes.items() if name in FIELDS or name == "lifecycle"}
    tags = tags_of(row.tags)
    if removed := str(changes.get("remove_tag", "")).strip().casefold():
        tags = [tag for tag in tags if tag.casefold() != removed]
    tags = tags_of(", ".join([*tags, str(changes.get("add_tag", ""))]))
    if tags != tags_of(row.tags):
        wanted["tags"] = ", ".join(tags)
    if len(wanted.get("tags", "")) > LONGEST_TAGS:
        return Planned(row, refused=f"Its tags would be longer than {LONGEST_TAGS} characters.")
    return Planned(
        row, {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    )


def _write(actor: User, project: Project, plans: Iterable[Planned], action: str, reason: str) -> None:
    """Store and record the new values of fields; the lifecycle has services of its own."""
    written, entries, moved = [], [], []
    for plan in plans:
        names = [name for name in plan.changes if name in FIELDS]
        if not names:
            continue
        row, before = plan.obligation, copy(plan.obligation)
        for name in names:
            setattr(row, name, plan.changes[name][1])
        row.version += 1
        row.updated_at = timezone.now()
        written.append(row)
        entries.append(Entry(action, row, project.pk, changes=differences(before, row, names), reason=reason))
        if "phase" in names:
            moved.append(row.pk)
    Obligation.objects.bulk_update(written, [*FIELDS, "version", "updated_at"], batch_size=100)
    record_many(project.organisation, actor, entries)
    by_phase = Q(phase_gated=True) | Q(rule__basis=Basis.PHASE_START)
    for row in Obligation.objects.filter(by_phase, pk__in=moved).select_related("project__organisation", "mechanism"):
        rematerialise(row, project.today)


def _stored(row: Obligation) -> Obligation:
    stored = copy(row)
    stored.refresh_from_db()
    return stored
