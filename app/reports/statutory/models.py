"""Reports to regulators: what people write and judge while they are drafts, and what is frozen for good."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from obligations.models import Obligation
from registers.models import Mechanism, Project

from reports.statutory.layouts import Layout, layouts
from reports.statutory.querysets import StatutoryReportQuerySet


class StatutoryReport(models.Model):
    """One revision of a report on a mechanism over a period.

    A draft is computed anew whenever it is looked at. Finalising freezes what it says as a snapshot, which neither
    register nor release changes afterwards; another revision of the same report supersedes it once that is finalised.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        FINALISED = "finalised", "Finalised"
        SIGNED = "signed", "Signed"
        SUPERSEDED = "superseded", "Superseded"
        WITHDRAWN = "withdrawn", "Withdrawn"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="statutory_reports")
    mechanism = models.ForeignKey(Mechanism, on_delete=models.PROTECT, related_name="statutory_reports")
    layout_key = models.CharField("kind of report", max_length=40)
    period_start = models.DateField("first day of the period")
    period_end = models.DateField("last day of the period")
    revision = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    prepared_at = models.DateTimeField(auto_now_add=True)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    authors: models.ManyToManyField[User, Any] = models.ManyToManyField(
        User, related_name="+", help_text="Everybody who wrote or judged something in it; none of them signs it."
    )

    snapshot = models.TextField(blank=True, help_text="All that it says, as canonical JSON.")
    sha256 = models.CharField("SHA-256 of the snapshot", max_length=64, blank=True)
    finalised_at = models.DateTimeField(null=True, blank=True)
    finalised_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signed_name = models.CharField("name", max_length=200, blank=True)
    signed_position = models.CharField("position", max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_for = models.TextField("reason", blank=True)

    asked_at = models.DateTimeField(null=True, blank=True, help_text="Since when its documents wait to be made.")
    problem = models.TextField(blank=True, help_text="Why its documents could not be made.")

    objects = StatutoryReportQuerySet.as_manager()

    class Meta:
        ordering = ["-period_end", "mechanism", "layout_key", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["mechanism", "layout_key", "period_start", "period_end", "revision"],
                name="report_revision_unique",
            ),
            check_constraint(Q(period_end__gte=F("period_start")), name="report_period_in_order"),
            check_constraint(
                Q(state="draft", snapshot="", finalised_at=None)
                | ~Q(state="draft")
                & ~Q(snapshot="")
                & ~Q(sha256="")
                & Q(finalised_at__isnull=False, finalised_by__isnull=False),
                name="finalised_report_is_frozen",
            ),
            check_constraint(
                Q(signed_by=None)
                | ~Q(signed_by=F("prepared_by"))
                & ~Q(signed_by=F("finalised_by"))
                & Q(signed_at__isnull=False, finalised_at__isnull=False),
                name="report_signed_by_another",
            ),
            check_constraint(~Q(state="signed") | Q(signed_by__isnull=False), name="signed_report_has_a_signature"),
            check_constraint(
                ~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_for="")),
                name="withdrawn_report_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layout.short} {self.mechanism.reference}, {self.period}, revision {self.revision}"

    def get_absolute_url(self) -> str:
        return reverse("statutory_report", args=[self.project.code, self.pk])

    @property
    def layout(self) -> Layout:
        return layouts()[self.layout_key]

    @property
    def period(self) -> str:
        """Its first and last day in words."""
        return f"{self.period_start:%-d %B %Y} to {self.period_end:%-d %B %Y}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def file_stem(self) -> str:
        """What its documents are called, without an ending."""
        reference = "".join(char if char.isalnum() else "-" for char in self.mechanism.short)
        return f"{self.layout.short}-{reference}-{self.period_end.isoformat()}-rev{self.revision}"


class Narrative(models.Model):
    """What people wrote in one part of a report."""

    report = models.ForeignKey(StatutoryReport, on_delete=models.CASCADE, related_name="narratives")
    key = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField(auto_now=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="narrative_once_in_its_report")]

    def __str__(self) -> str:
        return f"{self.key} of {self.report}"


class LineOverride(models.Model):
    """A status in a report that a person chose instead of the computed one, and why."""

    report = models.ForeignKey(StatutoryReport, on_delete=models.CASCADE, related_name="overrides")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="+")
    finding = models.CharField("status", max_length=30)
    reason = models.TextField()
    judged_at = models.DateTimeField(auto_now=True)
    judged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "obligation"], name="one_override_a_line"),
            check_constraint(~Q(reason=""), name="override_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} in {self.report}"
