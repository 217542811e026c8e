"""The register: what has to be done, by whom, by when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from accounts.models import User
from config.compat import check_constraint
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from registers.models import (
    Aspect,
    Condition,
    Mechanism,
    ObligationType,
    Party,
    Phase,
    Procedure,
    Project,
    ResponsibleRole,
    Term,
)
from registers.sorting import natural_key

from obligations.querysets import DUE_OR_LAST, IS_DONE, ObligationQuerySet
from obligations.states import DUE_SOON, Compliance, Frequency, Lifecycle, Risk, State, Status

# The fields that hold a word of one of the organisation's vocabularies.
VOCABULARIES: Mapping[str, type[Term]] = {
    "procedure": Procedure,
    "aspect": Aspect,
    "accountability": Party,
    "responsible_role": ResponsibleRole,
    "phase": Phase,
    "obligation_type": ObligationType,
}


class Obligation(models.Model):
    """One duty under a mechanism, with the number that the mechanism prints."""

    class Place(models.TextChoices):
        SITE = "site", "Site"
        DESKTOP = "desktop", "Desktop"

    # Whose own index is left out stands first in one of those below.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False, related_name="obligations")
    mechanism = models.ForeignKey(
        Mechanism,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="obligations",
        verbose_name="environmental mechanism",
    )
    condition = models.ForeignKey(
        Condition, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    number = models.CharField(max_length=60)
    sort_key = models.CharField(max_length=255, editable=False)
    title = models.CharField(max_length=255, blank=True)
    requirement = models.TextField(help_text="The obligation in the words of the mechanism.")

    supporting_information = models.TextField(blank=True)
    general_comments = models.TextField(blank=True)
    compliance_comments = models.TextField(blank=True)
    non_conformance_comments = models.TextField("non-conformance comments", blank=True)
    evidence_notes = models.TextField("evidence", blank=True)

    interpretation = models.TextField("how it applies", blank=True)
    satisfies = models.CharField("to whose satisfaction", max_length=255, blank=True)
    advice = models.CharField("on whose advice", max_length=255, blank=True)
    risk = models.CharField(max_length=10, choices=Risk.choices, blank=True)
    tags = models.CharField(max_length=255, blank=True, help_text="Words of your own, separated by commas.")

    procedure = models.ForeignKey(Procedure, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    aspect = models.ForeignKey(
        Aspect, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="environmental aspect"
    )
    obligation_type = models.ForeignKey(
        ObligationType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="type"
    )
    phase = models.ForeignKey(
        Phase, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="project phase"
    )
    accountability = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    responsible_role = models.ForeignKey(
        ResponsibleRole,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="responsibility",
    )
    responsible_email = models.EmailField("responsible person's email", blank=True)
    responsible_person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    backup_person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    phase_gated = models.BooleanField(
        "only while its phase runs", default=False, help_text="Nothing falls due before its project phase starts."
    )
    compliance_override = models.CharField(
        "compliance, as judged", max_length=25, choices=Compliance.choices, blank=True
    )
    compliance_override_reason = models.TextField("reason of that judgement", blank=True)

    # What the occurrences say, kept here by services.projection so that a register of any length sorts by it.
    action_due_date = models.DateField(null=True, blank=True)
    close_out_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NOT_STARTED)

    recurring = models.BooleanField("recurring obligation", default=False)
    recurring_frequency = models.CharField(max_length=20, choices=Frequency.choices, blank=True)
    recurring_status = models.CharField(max_length=20, choices=Status.choices, blank=True)
    recurring_forecast_date = models.DateField(null=True, blank=True)

    inspection = models.BooleanField(default=False)
    inspection_frequency = models.CharField(max_length=20, choices=Frequency.choices, blank=True)
    site_or_desktop = models.CharField(max_length=10, choices=Place.choices, blank=True)
    new_control_action_required = models.BooleanField(default=False)
    gap_analysis = models.BooleanField(null=True, blank=True)
    gap_analysis_notes = models.TextField(blank=True)

    extra = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text="Columns of an imported register without a field here.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        ordering = ["mechanism", "sort_key"]
        constraints = [
            models.UniqueConstraint(fields=["mechanism", "number"], name="obligation_number_unique"),
            check_constraint(~Q(number=""), name="obligation_has_a_number"),
            check_constraint(~Q(requirement=""), name="obligation_has_a_requirement"),
        ]
        indexes = [
            models.Index(fields=["mechanism", "sort_key"], name="obligation_number"),
            models.Index(fields=["project", "action_due_date"], name="obligation_due"),
            models.Index(fields=["project", "status", "action_due_date"], name="obligation_status_due"),
            models.Index(fields=["responsible_person", "action_due_date"], name="obligation_person_due"),
            models.Index(fields=["project", "responsible_person"], name="obligation_project_person"),
            models.Index(fields=["project", "mechanism", "sort_key"], name="obligation_by_mechanism"),
            models.Index(fields=["project", "aspect", "sort_key"], name="obligation_by_aspect"),
            models.Index(fields=["project", "responsible_role", "sort_key"], name="obligation_by_role"),
            models.Index("project", IS_DONE, DUE_OR_LAST, "sort_key", name="obligation_agenda"),
            models.Index(fields=["project", "updated_at"], name="obligation_changed"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = natural_key(self.number)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("obligation_detail", args=[self.project.code, self.pk])

    def clean(self) -> None:
        """Keep the obligation inside its project, and its words inside their organisation.

        Raises:
            ValidationError: it names a mechanism, a condition or a word that belongs elsewhere.
        """
        astray = []
        if self.mechanism.project_id != self.project_id:
            astray.append(f"The mechanism {self.mechanism} belongs to another project: choose one of this project.")
        if self.condition and self.condition.mechanism_id != self.mechanism_id:
            astray.append(f"The condition {self.condition} belongs to another mechanism: choose one of this mechanism.")
        for name in VOCABULARIES:
            word = getattr(self, name)
            if word and word.organisation_id != self.project.organisation_id:
                astray.append(f"The word {word} belongs to another organisation: choose one of this organisation.")
        if astray:
            raise ValidationError(astray)

    @property
    def code(self) -> str:
        """The number with its mechanism: two mechanisms may both have a condition 1."""
        return f"{self.mechanism.short} {self.number}"

    def state(self, on: date) -> State:
        """Return where the obligation stands on a day, which is the project's local day."""
        if self.status == Status.COMPLETED:
            return State.COMPLETED
        if self.status == Status.SUBMITTED:
            return State.IN_REVIEW
        if self.action_due_date is None:
            return State.NO_DATE
        if self.action_due_date < on:
            return State.OVERDUE
        return State.DUE_SOON if self.action_due_date <= on + DUE_SOON else State.UPCOMING

    def is_overdue(self, on: date) -> bool:
        """Return whether it should have been done before that day."""
        return self.state(on) is State.OVERDUE
