"""Projects, who belongs to them, and their calendar: holidays, phases and milestones."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from accounts.models import Organisation, User, unexpired
from accounts.roles import SEES_ALL_PROJECTS, Role
from config.compat import check_constraint
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from registers.models.terms import Phase
from registers.querysets import ProjectQuerySet


class Project(models.Model):
    """A site or undertaking with one register; its code stands in addresses, so no two projects share one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="projects")
    code = models.CharField(
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9][A-Z0-9-]*$", "Use capital letters, digits and hyphens, such as WRL.")],
    )
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=50, default="Australia/Perth")

    objects = ProjectQuerySet.as_manager()

    # Of whoever reads the page for which it was fetched; `registers.access` fills it in.
    reader_roles: frozenset[str] | None = None

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def today(self) -> date:
        """The day that it is at the site: what is late there is late, whatever the server's clock says."""
        return timezone.localdate(timezone=ZoneInfo(self.timezone))

    def people(self) -> models.QuerySet[User]:
        """Return who can be given work here: its active members, and those of its organisation who see all of it."""
        here = Q(project_memberships__project=self) & unexpired("project_memberships__")
        organisation = Q(memberships__organisation=self.organisation_id, memberships__role__in=SEES_ALL_PROJECTS)
        everywhere = organisation & unexpired("memberships__")
        return User.objects.filter(here | everywhere, is_active=True).distinct().order_by("name", "email")


class ProjectMembership(models.Model):
    """A person's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="project_memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    expires_on = models.DateField(
        "last day", null=True, blank=True, help_text="The role ends with this day, as an external auditor's should."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_in_a_project")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} in {self.project}"


class Holiday(models.Model):
    """A public holiday where the project is: a business day it is not."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="holidays")
    on = models.DateField("date")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["project", "on"], name="one_holiday_a_day")]

    def __str__(self) -> str:
        return f"{self.name}, {self.on:%-d %B %Y}"


class ProjectPhase(models.Model):
    """When a phase of the project starts and ends; what is gated by it sleeps outside those days."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phases")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "phase"], name="phase_once_in_a_project"),
            check_constraint(
                Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="phase_ends_after_its_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} of {self.project}"


class Milestone(models.Model):
    """An event of the project from which due dates are counted, such as the start of stage 2 clearing."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField(max_length=200)
    planned_on = models.DateField(null=True, blank=True)
    occurred_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["planned_on", "name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="milestone_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def date(self) -> date | None:
        """The day it happened, or else the day it is planned for."""
        return self.occurred_on or self.planned_on
