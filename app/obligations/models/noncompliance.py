"""What went wrong, what the regulator has to be told by when, and what is done about it."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from registers.models import Condition, DayCount, Project

from obligations.models.inspections import Answer
from obligations.models.obligation import Obligation
from obligations.models.occurrences import Occurrence
from obligations.models.rules import Unit
from obligations.querysets import CorrectiveActionQuerySet, NonComplianceQuerySet


class NonCompliance(models.Model):
    """A departure from a condition.

    The fields are those that the NSW EPA asks for in a report of a non-compliance with a licence, which include those
    of the WA and Commonwealth reports.
    """

    class Kind(models.TextChoices):
        CONFIRMED = "non_compliant", "Non-compliance"
        POTENTIAL = "potentially_non_compliant", "Potential non-compliance"

    class Medium(models.TextChoices):
        AIR = "air", "Air"
        WATER_LAND = "water_land", "Water or land"
        NOISE = "noise", "Noise"
        WASTE = "waste", "Waste"
        OTHER = "other", "Other"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        NOTIFIED = "notified", "Regulator notified"
        CLOSED = "closed", "Closed"
        DISMISSED = "dismissed", "Found compliant"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="non_compliances")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=30, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    title = models.CharField(max_length=200)
    description = models.TextField()
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="non_compliances")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    occurrence = models.ForeignKey(
        Occurrence, on_delete=models.PROTECT, null=True, blank=True, related_name="non_compliances"
    )
    finding = models.ForeignKey(Answer, on_delete=models.PROTECT, null=True, blank=True, related_name="non_compliances")

    aware_on = models.DateField("became aware on")
    occurred_from = models.DateField("occurred on", null=True, blank=True)
    occurred_to = models.DateField("until", null=True, blank=True)
    is_continuing = models.BooleanField("still continuing", default=False)
    expected_end = models.DateField(null=True, blank=True)
    medium = models.CharField(max_length=15, choices=Medium.choices, blank=True)
    is_pollution_incident = models.BooleanField("pollution incident", default=False)
    incident_reference = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=255, blank=True)
    cause = models.TextField("cause or suspected cause", blank=True)
    mitigation = models.TextField("actions to mitigate", blank=True)
    prevention = models.TextField("actions to prevent recurrence", blank=True)

    notify_value = models.PositiveSmallIntegerField("tell the regulator within", null=True, blank=True)
    notify_unit = models.CharField(max_length=15, choices=Unit.choices, blank=True)
    notify_count = models.CharField(max_length=10, choices=DayCount.choices, blank=True)
    notification_due = models.DateField(null=True, blank=True, editable=False)
    notified_on = models.DateField(null=True, blank=True)
    notified_how = models.CharField("notified by", max_length=200, blank=True)
    notified_reference = models.CharField("reference of the notification", max_length=200, blank=True)

    raised_at = models.DateTimeField(auto_now_add=True)
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closing_note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = NonComplianceQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="non_compliance_number_unique"),
            check_constraint(
                Q(occurred_from=None) | Q(occurred_to=None) | Q(occurred_to__gte=F("occurred_from")),
                name="non_compliance_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("non_compliance_detail", args=[self.project.code, self.pk])

    @property
    def reference(self) -> str:
        return f"NC-{self.number:03}"

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.OPEN, self.Status.NOTIFIED)

    def notification_is_late(self, on: date) -> bool:
        """Return whether the regulator should have been told before that day, and has not been."""
        return bool(self.notification_due and not self.notified_on and self.is_open and self.notification_due < on)


class CorrectiveAction(models.Model):
    """What is done so that it does not happen again; it is closed when a check has found that it works."""

    non_compliance = models.ForeignKey(NonCompliance, on_delete=models.CASCADE, related_name="actions")
    description = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="corrective_actions")
    due_on = models.DateField()
    completed_on = models.DateField(null=True, blank=True)
    completion_note = models.TextField(blank=True)
    check_on = models.DateField("effectiveness check on", null=True, blank=True)
    is_effective = models.BooleanField("found effective", null=True, blank=True)
    check_note = models.TextField("what the check found", blank=True)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CorrectiveActionQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.description[:80]

    def get_absolute_url(self) -> str:
        return reverse("corrective_action_detail", args=[self.project.code, self.pk])

    @property
    def obligation(self) -> Obligation:
        return self.non_compliance.obligation

    @property
    def project(self) -> Project:
        return self.non_compliance.project

    @property
    def awaits_check(self) -> bool:
        return self.completed_on is not None and self.closed_at is None

    def is_overdue(self, on: date) -> bool:
        return self.completed_on is None and self.closed_at is None and self.due_on < on
