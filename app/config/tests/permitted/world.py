"""Two organisations with a register each, and one of everything that an address can name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from accounts.models import Organisation, User
from allauth.usersessions.models import UserSession
from api.models import Token
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.utils import timezone
from files import services as files
from notifications.models import CalendarFeed, Kind, Notice
from obligations import demo
from obligations.models import ChecklistItem, Evidence, ImportBatch, Inspection, Obligation, SavedView
from registers.models import Aspect, Condition, Invitation, MechanismVersion, Phase, Procedure, Project
from reports.models import StatutoryReport
from reports.statutory.services import report_begin, report_finalise


class World:
    """Both registers, of which a person of the one must not see the other."""

    def __init__(self) -> None:
        demo.seed()
        self.foreign = Project.objects.get()
        Organisation.objects.update(name="Brigalow Gas", slug="brigalow-gas")
        Project.objects.update(code="BRG", name="Brigalow Gas Field")
        for user in User.objects.all():
            User.objects.filter(pk=user.pk).update(email=f"brigalow.{user.email}")
        self.foreign.refresh_from_db()
        demo.seed()
        self.own = Project.objects.get(code="WRL")
        self.objects = {project.pk: one_of_everything(project) for project in (self.own, self.foreign)}

    def keys(self, project: Project) -> dict[str, int]:
        """Return the key of each object of a project by what it is called in rules."""
        return {name: row.pk for name, row in self.objects[project.pk].items()}

    def give(self, person: User) -> None:
        """Make what can be somebody's the person's own."""
        mine = self.objects[self.own.pk]
        for name, field in (
            ("obligation", "responsible_person"),
            ("occurrence", "assigned_to"),
            ("corrective_action", "owner"),
        ):
            type(mine[name])._default_manager.filter(pk=mine[name].pk).update(**{field: person})


def one_of_everything(project: Project) -> dict[str, models.Model]:
    """Return one of everything in a project; what the demo register lacks is added."""
    organisation = project.organisation
    member = project.memberships.order_by("pk")[0]
    # Its occurrences belong to nobody, and it has no inspection under way.
    obligation = Obligation.objects.get(project=project, mechanism__reference="MS 1234", number="8-4")
    occurrence = obligation.occurrences.unfinished().order_by("sequence")[0]
    stored = files.store(
        organisation=organisation, upload=SimpleUploadedFile("proof.txt", project.code.encode()), actor=member.user
    )
    mechanism = project.mechanisms.get(reference="WR-CEMP Rev 2")
    MechanismVersion.objects.filter(mechanism=mechanism).update(document=stored, document_name="plan.txt")
    procedure = Procedure.objects.filter(organisation=organisation).order_by("pk")[0]
    procedure.document, procedure.document_name = stored, "procedure.txt"
    procedure.save()
    action: Any = project.non_compliances.exclude(actions=None).order_by("pk")[0].actions.order_by("pk")[0]
    now = timezone.now()
    made: dict[str, Callable[[], models.Model]] = {
        "evidence": lambda: Evidence.objects.create(
            obligation=obligation,
            occurrence=occurrence,
            file=stored,
            name="proof.txt",
            uploaded_by=member.user,
            effective_on=project.today,
        ),
        "import": lambda: ImportBatch.objects.create(project=project, file_name="register.csv", state="checked"),
        "shared_view": lambda: SavedView.objects.create(
            project=project, owner=member.user, name="Water", is_shared=True
        ),
        "invitation": lambda: Invitation.objects.create(
            organisation=organisation,
            project=project,
            email="new@example.com",
            role="viewer",
            token_hash=project.code,
            invited_by=member.user,
            expires_at=now + timedelta(days=7),
        ),
        "question": lambda: ChecklistItem.objects.create(obligation=obligation, position=1, text="Is it measured?"),
        "inspection": lambda: Inspection.objects.create(
            project=project, obligation=obligation, planned_on=project.today
        ),
        "feed": lambda: CalendarFeed.objects.create(user=member.user, name="Phone", token_hash=project.code),
        "token": lambda: Token.objects.create(
            user=member.user, name="Power BI", digest=project.code, expires_at=now + timedelta(days=7)
        ),
        "notice": lambda: Notice.objects.create(
            project=project,
            person=member.user,
            kind=Kind.values[0],
            subject=f"occurrence:{occurrence.pk}",
            step=0,
            due_date=project.today,
            message_id=f"<{project.code}@example.com>",
        ),
        "session": lambda: UserSession.objects.create(
            user=member.user, session_key=f"{project.code}{'0' * 20}", ip="127.0.0.1", last_seen_at=now
        ),
    }
    return {
        "obligation": obligation,
        "occurrence": occurrence,
        "mechanism": mechanism,
        "version": mechanism.versions.order_by("pk")[0],
        "condition": Condition.objects.filter(mechanism=mechanism, ended_on=None).order_by("pk")[0],
        "procedure": procedure,
        "aspect": Aspect.objects.filter(organisation=organisation).order_by("pk")[0],
        "phase": Phase.objects.filter(organisation=organisation).order_by("pk")[0],
        "holiday": project.holidays.order_by("pk")[0],
        "milestone": project.milestones.order_by("pk")[0],
        "corrective_action": action,
        "non_compliance": action.non_compliance,
        "project_member": member,
        "member": organisation.memberships.order_by("pk")[0],
        "report": report_finalise(actor=member.user, report=_report(project, member.user, 2025)),
        "draft_report": _report(project, member.user, 2024),
        **{name: make() for name, make in made.items()},
    }


def _report(project: Project, actor: User, year: int) -> StatutoryReport:
    return report_begin(
        actor=actor,
        project=project,
        mechanism=project.mechanisms.get(reference="MS 1234"),
        layout_key="wa_car",
        period_start=date(year, 1, 1),
        period_end=date(year, 12, 31),
    )
