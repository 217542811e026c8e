"""Inspections: the questions of an obligation's checklist, and what was found on a day."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import Q
from django.urls import reverse
from registers.models import Project

from obligations.models.obligation import Obligation
from obligations.models.occurrences import Occurrence
from obligations.querysets import InspectionQuerySet


class ChecklistItem(models.Model):
    """A question that each inspection of an obligation answers."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="checklist")
    position = models.PositiveSmallIntegerField()
    text = models.CharField("what to look at", max_length=255)
    guidance = models.TextField(blank=True)
    is_current = models.BooleanField(default=True, help_text="Asked in inspections to come.")

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text


class Inspection(models.Model):
    """One visit, on site or at the desk, in which a checklist is answered."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        PERFORMED = "performed", "Performed"
        CANCELLED = "cancelled", "Cancelled"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="inspections")
    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="inspections")
    occurrence = models.ForeignKey(
        Occurrence, on_delete=models.SET_NULL, null=True, blank=True, related_name="inspections"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    planned_on = models.DateField()
    inspector = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="inspections")
    place = models.CharField("site or desktop", max_length=10, choices=Obligation.Place.choices, blank=True)
    location = models.CharField(max_length=255, blank=True)
    performed_on = models.DateField(null=True, blank=True)
    performed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    summary = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ["-planned_on", "-pk"]
        constraints = [
            check_constraint(
                ~Q(state="performed") | Q(performed_on__isnull=False), name="performed_inspection_has_a_day"
            )
        ]
        indexes = [models.Index(fields=["project", "state", "planned_on"], name="inspection_project_planned")]

    def __str__(self) -> str:
        return f"Inspection of {self.obligation}, {self.performed_on or self.planned_on:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        return reverse("inspection_detail", args=[self.project.code, self.pk])

    def is_overdue(self, on: date) -> bool:
        return self.state == self.State.PLANNED and self.planned_on < on


class Answer(models.Model):
    """What an inspection found for one question; the question is kept as it was asked."""

    class Result(models.TextChoices):
        SATISFACTORY = "satisfactory", "Satisfactory"
        FINDING = "finding", "Finding"
        NOT_APPLICABLE = "not_applicable", "Not applicable"

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(ChecklistItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField()
    question = models.CharField(max_length=255)
    result = models.CharField(max_length=15, choices=Result.choices, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.question
