"""The times that an obligation falls due, each a record of its own that is never used again for the next."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from registers.models import Project

from obligations.models.obligation import Obligation
from obligations.querysets import OccurrenceQuerySet
from obligations.states import OccurrenceState, Result

OPEN_STATES = (OccurrenceState.SCHEDULED, OccurrenceState.OPEN, OccurrenceState.IN_PROGRESS)
DONE_STATES = (OccurrenceState.CLOSED, OccurrenceState.CANCELLED)


class Occurrence(models.Model):
    """One time that an obligation falls due.

    `nominal_date` is what the rule says, `due_date` what holds after the roll off weekends and holidays and after
    extensions, `target_date` the earlier day that people set themselves.
    """

    # Whose own index is left out stands first in one of those below.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False, related_name="occurrences")
    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, db_index=False, related_name="occurrences")
    sequence = models.PositiveIntegerField(help_text="Its place in the rule's sequence, from 0.")
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    nominal_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    target_date = models.DateField("internal target", null=True, blank=True)
    triggered_on = models.DateField(null=True, blank=True)
    trigger = models.CharField("what triggered it", max_length=255, blank=True)

    state = models.CharField(max_length=15, choices=OccurrenceState.choices, default=OccurrenceState.SCHEDULED)
    assigned_to = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="occurrences"
    )
    touched = models.BooleanField(
        default=False, help_text="A person worked on it, so that a changed rule leaves it where it is."
    )
    result = models.CharField("outcome", max_length=25, choices=Result.choices, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    submitted_on = models.DateField(null=True, blank=True)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    four_eyes = models.BooleanField(default=False, help_text="Whether who submitted it was barred from closing it.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_for = models.CharField("reason it was cancelled", max_length=255, blank=True)
    note = models.TextField("closing note", blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OccurrenceQuerySet.as_manager()

    class Meta:
        ordering = ["obligation", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["obligation", "sequence"], name="occurrence_once_in_its_sequence"),
            check_constraint(
                ~Q(state=OccurrenceState.CLOSED) | (~Q(result="") & Q(completed_on__isnull=False)),
                name="closed_occurrence_has_an_outcome",
            ),
            check_constraint(
                ~Q(state=OccurrenceState.CANCELLED) | ~Q(cancelled_for=""), name="cancelled_occurrence_has_a_reason"
            ),
            check_constraint(
                Q(four_eyes=False)
                | Q(closed_by=None)
                | (Q(submitted_by__isnull=False) & ~Q(closed_by=F("submitted_by"))),
                name="four_eyes_closed_by_somebody_else",
            ),
            check_constraint(
                Q(period_start=None) | Q(period_end__gte=F("period_start")), name="occurrence_period_in_order"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "due_date"], name="occurrence_project_due"),
            models.Index(fields=["project", "state", "due_date"], name="occurrence_state_due"),
            models.Index(fields=["assigned_to", "state", "due_date"], name="occurrence_person_due"),
        ]

    def __str__(self) -> str:
        when = self.due_date or self.triggered_on
        return f"{self.obligation} {when:%-d %B %Y}" if when else f"{self.obligation} no. {self.sequence + 1}"

    def get_absolute_url(self) -> str:
        return reverse("occurrence_detail", args=[self.project.code, self.pk])

    @property
    def is_done(self) -> bool:
        return self.state in DONE_STATES

    def is_overdue(self, on: date) -> bool:
        """Return whether it should have been done before that day: what was submitted in time is not late."""
        if self.due_date is None or self.is_done or self.due_date >= on:
            return False
        in_time = self.submitted_on is not None and self.submitted_on <= self.due_date
        return not (self.state == OccurrenceState.SUBMITTED and in_time)


class Extension(models.Model):
    """More time that somebody entitled to it granted; the date before it is kept."""

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="extensions")
    previous_date = models.DateField()
    new_date = models.DateField()
    granted_by = models.CharField(max_length=200, help_text="The person or body that granted it.")
    reference = models.CharField(max_length=200, help_text="Of the letter or email.")
    reason = models.TextField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["recorded_at"]
        constraints = [check_constraint(Q(new_date__gt=F("previous_date")), name="extension_gives_time")]

    def __str__(self) -> str:
        return f"{self.previous_date:%-d %B %Y} to {self.new_date:%-d %B %Y}"


class Comment(models.Model):
    """What somebody said about an obligation or one of its occurrences; it is not changed afterwards."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="comments")
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, null=True, blank=True, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    mentions: models.ManyToManyField[User, Any] = models.ManyToManyField(User, blank=True, related_name="mentioned_in")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [check_constraint(~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return self.text[:80]
