"""The instruments that create obligations, their versions and their conditions."""

from __future__ import annotations

from calendar import month_name
from datetime import date

from accounts.models import User
from config.compat import check_constraint
from dateutil.relativedelta import relativedelta
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from registers.models.projects import Project
from registers.sorting import natural_key

MONTH = [MinValueValidator(1), MaxValueValidator(12)]
DAY = [MinValueValidator(1), MaxValueValidator(31)]


class RollPolicy(models.TextChoices):
    """What becomes of a due date on a weekend or a public holiday.

    Source: Interpretation Act 1984 (WA) s 61; Interpretation Act 1987 (NSW) s 36; Acts Interpretation Act 1901 (Cth)
    s 36. Whether a condition is written law is a legal question, so each mechanism says for itself.
    """

    NONE = "none", "It stays"
    NEXT = "next_business_day", "The next business day"
    PREVIOUS = "previous_business_day", "The business day before"


class DayCount(models.TextChoices):
    """Whether the day of the event is day 0 or day 1 of a period counted from it.

    Source: as for RollPolicy; the NSW EPA counts the day on which one becomes aware as day 1.
    """

    EXCLUSIVE = "exclusive", "The day of the event does not count"
    INCLUSIVE = "inclusive", "The day of the event is day 1"


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
    lapses = models.DateField(null=True, blank=True, help_text="The day it ends unless it was acted upon.")
    anniversary_month = models.PositiveSmallIntegerField(null=True, blank=True, validators=MONTH)
    anniversary_day = models.PositiveSmallIntegerField(null=True, blank=True, validators=DAY)
    period_month = models.PositiveSmallIntegerField(
        "first month of the reporting period", null=True, blank=True, validators=MONTH
    )
    period_day = models.PositiveSmallIntegerField(
        "first day of the reporting period", null=True, blank=True, validators=DAY
    )
    roll_policy = models.CharField(
        "when a due date is no business day",
        max_length=25,
        choices=RollPolicy.choices,
        default=RollPolicy.NONE,
    )
    day_count = models.CharField(
        "counting of days", max_length=10, choices=DayCount.choices, default=DayCount.EXCLUSIVE
    )
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="plans")
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["reference"]
        constraints = [models.UniqueConstraint(fields=["project", "reference"], name="mechanism_reference_unique")]

    def __str__(self) -> str:
        return self.reference

    @property
    def anniversary(self) -> str:
        """The day of each year, such as `12 March`; empty if it has none."""
        return _day_of_year(self.anniversary_day, self.anniversary_month)

    @property
    def period_start(self) -> str:
        """The first day of each reporting period, such as `1 July`; empty if nobody has said."""
        return _day_of_year(self.period_day, self.period_month)

    def expiry(self, on: date) -> str:
        """Return `past`, or `soon` when it expires or may lapse within twelve months; empty if neither."""
        if self.status not in {self.Status.ACTIVE, self.Status.SUSPENDED}:
            return ""
        if self.expires and self.expires < on:
            return "past"
        ahead = on + relativedelta(months=12)
        return "soon" if any(day and on <= day <= ahead for day in (self.expires, self.lapses)) else ""


def _day_of_year(day: int | None, month: int | None) -> str:
    return f"{day} {month_name[month]}" if day and month else ""


class MechanismVersion(models.Model):
    """A mechanism as issued or amended on a day; the texts of older versions are kept with their conditions."""

    mechanism = models.ForeignKey(Mechanism, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=100, blank=True, help_text="Such as “Rev 2” or “Amended 3 May 2026”.")
    effective_on = models.DateField()
    summary = models.TextField("what changed", blank=True)
    document = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    document_name = models.CharField(max_length=255, blank=True)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["mechanism", "-number"]
        constraints = [models.UniqueConstraint(fields=["mechanism", "number"], name="mechanism_version_unique")]

    def __str__(self) -> str:
        return self.label or f"Version {self.number}"


class Condition(models.Model):
    """A condition of a mechanism, with its number as printed, in the words of one version.

    An amendment ends the row (`ended_on`) and, where the condition goes on with other words, adds one that supersedes
    it; of each number at most one row is current.
    """

    mechanism = models.ForeignKey(Mechanism, on_delete=models.CASCADE, related_name="conditions")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    number = models.CharField(max_length=60)
    sort_key = models.CharField(max_length=255, editable=False)
    heading = models.CharField(max_length=255, blank=True)
    text = models.TextField(blank=True)
    is_objective = models.BooleanField("objective, not a duty", default=False)
    introduced = models.ForeignKey(
        MechanismVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="introduces"
    )
    ended = models.ForeignKey(MechanismVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="ends")
    ended_on = models.DateField(null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ["mechanism", "sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["mechanism", "number"], condition=Q(ended_on=None), name="current_condition_unique"
            ),
            check_constraint(
                Q(ended=None, ended_on=None) | Q(ended__isnull=False, ended_on__isnull=False),
                name="condition_ends_with_a_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mechanism.short} {self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = natural_key(self.number)
        # The base class types each of its arguments, and they differ between the two Djangos.
        super().save(*args, **kwargs)  # type: ignore[arg-type]
