"""Puts the demo register into the database, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import cache
from typing import Any

from accounts.models import Membership, Organisation, User
from audit.services import Entry, record
from django.db import transaction
from registers import demo_calendar
from registers.models import (
    Aspect,
    Condition,
    Mechanism,
    Milestone,
    ObligationType,
    Party,
    Phase,
    Project,
    ProjectMembership,
    ResponsibleRole,
)
from registers.services import term_ensure

from obligations import demo_documents
from obligations import demo_register as demo
from obligations.demo_findings import seed_findings
from obligations.demo_history import COURSES, Course, Past
from obligations.models import Obligation, Occurrence, RecurrenceRule
from obligations.recurrence.rule import slot_after
from obligations.services.materialise import Surroundings, materialise, missing, occurrence_of
from obligations.services.projection import project_occurrences
from obligations.services.reading_rules import rule_of
from obligations.states import OccurrenceState


@transaction.atomic
def seed() -> bool:
    """Create the demo organisation with its people and register; return False when it is here already."""
    if Organisation.objects.filter(slug=demo.ORGANISATION["slug"]).exists():
        return False
    organisation = Organisation.objects.create(**demo.ORGANISATION)
    project = Project.objects.create(organisation=organisation, **demo.PROJECT)
    for email, name, role in demo.PEOPLE:
        person = User.objects.create_user(email, name=name)
        Membership.objects.create(organisation=organisation, user=person, role=role)
        ProjectMembership.objects.create(project=project, user=person, role=role)
    mechanisms: dict[str, Mechanism] = {}
    for fields in demo.MECHANISMS:
        parent = mechanisms.get(fields.get("parent", ""))
        mechanisms[fields["reference"]] = Mechanism.objects.create(
            **{**fields, "parent": parent}, project=project, holder=organisation.name
        )
    demo_calendar.seed(project)
    ensure = cache(term_ensure)
    for duty in demo.OBLIGATIONS:
        _add(project, mechanisms[duty.mechanism], duty, ensure)
    demo_documents.seed(project)
    _run_through(project)
    seed_findings(project)
    record(organisation, None, Entry("project.seed", project, project.pk, reason="The demo register."))
    return True


def _add(project: Project, mechanism: Mechanism, duty: demo.Demo, ensure: Callable[..., Any]) -> None:
    owner = project.organisation
    Obligation.objects.create(
        project=project,
        mechanism=mechanism,
        condition=Condition.objects.create(mechanism=mechanism, number=duty.number, text=duty.requirement),
        number=duty.number,
        requirement=duty.requirement,
        aspect=ensure(Aspect, owner, duty.aspect),
        obligation_type=ensure(ObligationType, owner, duty.kind),
        phase=ensure(Phase, owner, duty.phase),
        phase_gated=COURSES[duty.mechanism, duty.number].phase_gated,
        responsible_role=ensure(ResponsibleRole, owner, duty.role),
        accountability=ensure(Party, owner, owner.name),
        recurring=duty.every is not None,
        recurring_frequency=duty.every or "",
        inspection=duty.inspected is not None,
        inspection_frequency=duty.inspected or "",
        site_or_desktop="site" if duty.inspected else "desktop",
        evidence_notes=duty.evidence,
        general_comments=duty.comment,
    )


def _run_through(project: Project) -> None:
    """Give the obligations their rules, and let happen what has happened."""
    milestones = {milestone.name: milestone for milestone in project.milestones.all()}
    around = Surroundings(project)
    manager = User.objects.get(email=demo.PEOPLE[0][0])
    occurrences: list[Occurrence] = []
    for obligation in project.obligations.select_related("mechanism").prefetch_related("suspensions"):
        obligation.project = project
        course = COURSES[obligation.mechanism.reference, obligation.number]
        obligation.rule = _rule(obligation, course, milestones)
        named = {one.sequence: one for one in missing(obligation, around, on=project.today, present=[])}
        for past in course.past:
            one = named.get(past.sequence) or _triggered(obligation, past, around)
            _happened(one, past, manager)
            named[past.sequence] = one
        occurrences += named.values()
    Occurrence.objects.bulk_create(occurrences)
    project_occurrences([obligation.pk for obligation in project.obligations.all()])
    materialise(project.obligations.all(), project.today)


def _rule(obligation: Obligation, course: Course, milestones: dict[str, Milestone]) -> RecurrenceRule:
    fields: dict[str, Any] = course.rule | {"milestone": milestones.get(course.rule.get("milestone", ""))}
    return RecurrenceRule.objects.create(obligation=obligation, **fields)


def _triggered(obligation: Obligation, past: Past, around: Surroundings) -> Occurrence:
    """Return the occurrence that an event of the past brought about, unsaved."""
    on = past.triggered
    if on is None:
        raise ValueError(f"{obligation}: its rule names no occurrence {past.sequence}")
    rule = rule_of(obligation.rule, obligation.mechanism)
    one = occurrence_of(obligation, past.sequence, slot_after(rule, around.calendar, on, past.sequence))
    one.triggered_on, one.trigger = on, obligation.rule.event
    return one


def _happened(one: Occurrence, past: Past, manager: User) -> None:
    one.state, one.note, one.touched = past.state, past.note, True
    if past.on is None:
        return
    one.completed_on, one.result = past.on, past.result
    if past.state == OccurrenceState.SUBMITTED:
        one.submitted_on, one.submitted_by = past.on, manager
    else:
        one.closed_at, one.closed_by = datetime.combine(past.on, time(8), tzinfo=UTC), manager
