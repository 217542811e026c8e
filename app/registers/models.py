"""Projects, the approvals they hold and the words that an organisation uses for its obligations."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from accounts.models import Organisation, User
from accounts.roles import Role
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from registers.querysets import ProjectQuerySet
from registers.sorting import natural_key


class Term(models.Model):
    """A word of an organisation's vocabulary."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="%(class)s_unique_name")]

    def __str__(self) -> str:
        return self.name


class Aspect(Term):
    """Environmental aspect, such as dust or groundwater."""


class ObligationType(Term):
    """What kind of duty it is, such as monitoring or reporting."""


class Phase(Term):
    """Phase of a project, such as construction."""


class ResponsibleRole(Term):
    """Who does the work, by position."""


class Party(Term):
    """Who answers for it: the holder, a contractor."""


class Procedure(Term):
    """The controlled document that says how it is done."""

    reference = models.CharField(max_length=100, blank=True)


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

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def today(self) -> date:
        """The day that it is at the site: what is late there is late, whatever the server's clock says."""
        return timezone.localdate(timezone=ZoneInfo(self.timezone))


class ProjectMembership(models.Model):
    """A person's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="project_memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_in_a_project")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()} in {self.project}"


class Mechanism(models.Model):
    """An instrument that creates obligations: an approval, a licence, a management plan."""

    class Kind(models.TextChoices):
        MINISTERIAL_STATEMENT = "ministerial_statement", "Ministerial Statement (EP Act Part IV)"
        PART_V = "part_v", "Works approval or licence (EP Act Part V)"
        CLEARING_PERMIT = "clearing_permit", "Clearing permit"
        EPBC = "epbc", "EPBC approval"
        EPL = "epl", "Environment protection licence (NSW)"
        DEVELOPMENT_CONSENT = "development_consent", "Development consent"
        TENEMENT = "tenement", "Mining tenement or mine closure plan condition"
        WATER_LICENCE = "water_licence", "Water licence"
        HERITAGE_CONSENT = "heritage_consent", "Heritage consent"
        MANAGEMENT_PLAN = "management_plan", "Management plan"
        AGREEMENT = "agreement", "Lease or agreement"
        COMMITMENT = "commitment", "Internal commitment"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        SUPERSEDED = "superseded", "Superseded"
        SURRENDERED = "surrendered", "Surrendered"
        EXPIRED = "expired", "Expired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="mechanisms")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    short = models.CharField(
        "short name", max_length=40, help_text="Stands before an obligation's number, as in MS1234 6-2(1)."
    )
    reference = models.CharField(max_length=100)
    title = models.CharField(max_length=255, blank=True)
    holder = models.CharField(max_length=200, blank=True)
    regulator = models.CharField(max_length=200, blank=True)
    issued = models.DateField(null=True, blank=True)
    effective = models.DateField(null=True, blank=True)
    expires = models.DateField(null=True, blank=True)
    anniversary_month = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    anniversary_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="plans")
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["reference"]
        constraints = [models.UniqueConstraint(fields=["project", "reference"], name="mechanism_reference_unique")]

    def __str__(self) -> str:
        return self.reference


class Condition(models.Model):
    """A condition of a mechanism, with its number as printed."""

    mechanism = models.ForeignKey(Mechanism, on_delete=models.CASCADE, related_name="conditions")
    number = models.CharField(max_length=60)
    sort_key = models.CharField(max_length=255, editable=False)
    heading = models.CharField(max_length=255, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["mechanism", "sort_key"]
        constraints = [models.UniqueConstraint(fields=["mechanism", "number"], name="condition_number_unique")]

    def __str__(self) -> str:
        return f"{self.mechanism.short} {self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = natural_key(self.number)
        super().save(*args, **kwargs)  # type: ignore[arg-type]
