"""Puts the demo register into the database, once."""

from __future__ import annotations

from accounts.models import Membership, Organisation, User
from django.db import transaction
from registers.models import (
    Aspect,
    Condition,
    Mechanism,
    ObligationType,
    Party,
    Phase,
    Project,
    ProjectMembership,
    ResponsibleRole,
)
from registers.services import term_ensure

from obligations import demo_register as demo
from obligations.models import Obligation


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
    for duty in demo.OBLIGATIONS:
        _add(project, mechanisms[duty.mechanism], duty)
    return True


def _add(project: Project, mechanism: Mechanism, duty: demo.Demo) -> None:
    owner = project.organisation
    Obligation.objects.create(
        project=project,
        mechanism=mechanism,
        condition=Condition.objects.create(mechanism=mechanism, number=duty.number, text=duty.requirement),
        number=duty.number,
        requirement=duty.requirement,
        aspect=term_ensure(Aspect, owner, duty.aspect),
        obligation_type=term_ensure(ObligationType, owner, duty.kind),
        phase=term_ensure(Phase, owner, duty.phase),
        responsible_role=term_ensure(ResponsibleRole, owner, duty.role),
        accountability=term_ensure(Party, owner, owner.name),
        action_due_date=duty.due,
        status=duty.status,
        close_out_date=duty.closed,
        recurring=duty.every is not None,
        recurring_frequency=duty.every or "",
        inspection=duty.inspected is not None,
        inspection_frequency=duty.inspected or "",
        site_or_desktop="site" if duty.inspected else "desktop",
        evidence_notes=duty.evidence,
        general_comments=duty.comment,
    )
