"""Changing a project's holidays, phases and milestones, and with them the dates that depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import changing, differences
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, ProtectedError, Q
from registers.models import Holiday, Milestone, Phase, Project, ProjectPhase, RollPolicy
from registers.services.changing import as_added, note, require, store

from obligations.models import Basis, Obligation, Occurrence, Unit
from obligations.querysets import ObligationQuerySet
from obligations.services.moves import Moves, follow
from obligations.services.noncompliance import clocks_recount

PERMISSION = "mechanism.change"


def holidays_add(*, actor: User, project: Project, holidays: Mapping[date, str]) -> tuple[int, Moves]:
    """Add public holidays; days that are holidays already keep their names.

    Args:
        actor: who adds them; needs `mechanism.change` in the project.
        project: whose calendar.
        holidays: names by day.

    Returns:
        how many days are new, and what became of the due dates.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
    """
    require(actor, PERMISSION, project)
    with changing(project.organisation):
        known = set(project.holidays.filter(on__in=list(holidays)).values_list("on", flat=True))
        new = {day: name for day, name in sorted(holidays.items()) if day not in known}
        Holiday.objects.bulk_create(Holiday(project=project, on=day, name=name) for day, name in new.items())
        if not new:
            return 0, Moves()
        moves = _after_holidays(actor, project, Q(due_date__in=list(new)))
        changes = {f"{day:%Y-%m-%d}": ("", name) for day, name in new.items()}
        note(actor, project, "holiday.add", project, changes=changes)
    return len(new), moves


def holiday_change(
    *, actor: User, holiday: Holiday, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> Moves:
    """Move a holiday to another day or call it something else.

    Args:
        actor: who changes it; needs `mechanism.change` in the project.
        holiday: which.
        changes: new values by field name.
        opened: the values that the actor saw.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: that day is a holiday already.
    """
    project = holiday.project
    require(actor, PERMISSION, project)
    with changing(project.organisation):
        current = Holiday.objects.select_for_update(of=("self",)).select_related("project").get(pk=holiday.pk)
        twin = project.holidays.filter(on=changes.get("on", current.on)).exclude(pk=current.pk).first()
        if twin:
            raise ValidationError({"on": f"It is a holiday already: {twin.name}. Change or remove that one."})
        before = current.on
        said = store(current, changes, opened)
        if not said:
            return Moves()
        moves = Moves()
        if current.on != before:
            moves = _after_holidays(actor, project, _rolled_off(before) | Q(due_date=current.on))
        note(
            actor,
            project,
            "holiday.change",
            project,
            changes={f"{before:%Y-%m-%d} {name}": said[name] for name in said},
        )
    return moves


def holiday_remove(*, actor: User, holiday: Holiday) -> Moves:
    """Make a holiday a day like others.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
    """
    project = holiday.project
    require(actor, PERMISSION, project)
    with changing(project.organisation):
        holiday.delete()
        moves = _after_holidays(actor, project, _rolled_off(holiday.on))
        note(actor, project, "holiday.remove", project, changes={f"{holiday.on:%Y-%m-%d}": (holiday.name, "")})
    return moves


def phase_set(*, actor: User, project: Project, phase: Phase, starts_on: date | None, ends_on: date | None) -> Moves:
    """Say when a phase of the project starts and ends; without either day nobody knows yet.

    Args:
        actor: who says so; needs `mechanism.change` in the project.
        project: whose phase.
        phase: a word of the project's organisation.
        starts_on: its first day.
        ends_on: its last day.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
        ValidationError: it would end before it starts.
    """
    require(actor, PERMISSION, project)
    if starts_on and ends_on and ends_on < starts_on:
        raise ValidationError({"ends_on": f"It ends before it starts on {starts_on:%-d %B %Y}."})
    with changing(project.organisation):
        stored = ProjectPhase.objects.select_for_update().filter(project=project, phase=phase).first()
        before = stored or ProjectPhase(project=project, phase=phase)
        after = ProjectPhase(pk=before.pk, project=project, phase=phase, starts_on=starts_on, ends_on=ends_on)
        said = differences(before, after, ("starts_on", "ends_on"))
        if not said:
            return Moves()
        if starts_on or ends_on:
            after.save()
        else:
            before.delete()
        today = project.today
        asleep = Q(phase_gated=True) | Q(rule__basis=Basis.PHASE_START)
        affected = Obligation.objects.filter(asleep, project=project, phase=phase)
        days = [day for day in (before.starts_on, before.ends_on, starts_on, ends_on) if day]
        moves = follow(affected, today, since=min([today, *days]))
        changes = {f"{phase} {name.removesuffix('_on')}": dates for name, dates in said.items()}
        note(actor, project, "phase.set", project, changes=changes)
    return moves


def milestone_add(*, actor: User, project: Project, values: Mapping[str, Any]) -> Milestone:
    """Add an event from which due dates can be counted.

    Args:
        actor: who adds it; needs `mechanism.change` in the project.
        project: whose milestone.
        values: `name`, `planned_on`, `occurred_on` and `note`.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
        ValidationError: there is one of that name, or it has happened on a day to come.
    """
    require(actor, PERMISSION, project)
    milestone = Milestone(project=project, **values)
    _check(milestone)
    with changing(project.organisation):
        milestone.full_clean()
        milestone.save()
        changes = as_added(milestone, ("name", "planned_on", "occurred_on", "note"))
        note(actor, project, "milestone.add", milestone, changes=changes)
    return milestone


def milestone_change(
    *, actor: User, milestone: Milestone, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> Moves:
    """Change a milestone, and the due dates that are counted from it.

    Args:
        actor: who changes it; needs `mechanism.change` in the project.
        milestone: which.
        changes: new values by field name.
        opened: the values that the actor saw.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: a value is not allowed.
    """
    project = milestone.project
    require(actor, PERMISSION, project)
    with changing(project.organisation):
        current = Milestone.objects.select_for_update(of=("self",)).select_related("project").get(pk=milestone.pk)
        said = store(current, changes, opened)
        _check(current)
        if not said:
            return Moves()
        affected = Obligation.objects.filter(project=project, rule__milestone=current)
        moves = follow(affected, project.today)
        note(actor, project, "milestone.change", current, changes=said)
    return moves


def milestone_remove(*, actor: User, milestone: Milestone) -> None:
    """Remove a milestone from which nothing is counted.

    Raises:
        PermissionDenied: the actor may not change the calendar here.
        ValidationError: obligations are counted from it.
    """
    project = milestone.project
    require(actor, PERMISSION, project)
    try:
        with changing(project.organisation):
            note(actor, project, "milestone.remove", milestone, changes={"name": (milestone.name, "")})
            milestone.delete()
    except ProtectedError as error:
        number = Obligation.objects.filter(rule__milestone=milestone).count()
        counted = "1 obligation is" if number == 1 else f"{number} obligations are"
        raise ValidationError(f"{counted} counted from “{milestone}”: change their recurrence first.") from error


def _rolled_off(day: date) -> Q:
    """Return the condition of occurrences that may be due elsewhere because the day is a holiday."""
    return Q(nominal_date__lte=day, due_date__gt=day) | Q(nominal_date__gte=day, due_date__lt=day)


def _after_holidays(actor: User, project: Project, rolled: Q) -> Moves:
    clocks_recount(actor=actor, project=project)
    return follow(counting_business_days(project, rolled), project.today)


def counting_business_days(project: Project, rolled: Q) -> ObligationQuerySet:
    """Return the obligations whose due dates a change of holidays can move.

    Args:
        project: whose holidays.
        rolled: the occurrences that the change concerns, of those that are only rolled off holidays. Where business
            days are counted, every holiday on the way counts.
    """
    by_rule = ~Q(rule__roll_policy="") & ~Q(rule__roll_policy=RollPolicy.NONE)
    by_mechanism = Q(rule__roll_policy="") & ~Q(mechanism__roll_policy=RollPolicy.NONE)
    concerned = Exists(Occurrence.objects.filter(rolled, obligation=OuterRef("pk")))
    counted = Q(rule__unit=Unit.BUSINESS_DAY) | Q(rule__lag_unit=Unit.BUSINESS_DAY)
    affected = counted | ((by_rule | by_mechanism) & concerned)
    return Obligation.objects.filter(affected, project=project, rule__isnull=False)


def _check(milestone: Milestone) -> None:
    today = milestone.project.today
    if milestone.occurred_on and milestone.occurred_on > today:
        raise ValidationError(
            {"occurred_on": f"{milestone.occurred_on:%-d %B %Y} is still to come: give it as the planned date."}
        )
    others = milestone.project.milestones.filter(name__iexact=milestone.name).exclude(pk=milestone.pk)
    if others.exists():
        raise ValidationError({"name": f"There is a milestone “{milestone.name}” already."})
