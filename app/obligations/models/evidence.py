"""The files that prove what was done."""

from __future__ import annotations

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import Q
from django.urls import reverse
from files.models import StoredFile

from obligations.models.inspections import Inspection
from obligations.models.noncompliance import CorrectiveAction
from obligations.models.obligation import Obligation
from obligations.models.occurrences import Occurrence
from obligations.querysets import EvidenceQuerySet


class Evidence(models.Model):
    """A file that proves something about an obligation: of one occurrence, inspection or corrective action, or of all.

    It is locked, neither removed nor re-dated, while what it proves is closed.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="evidence")
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence")
    corrective_action = models.ForeignKey(
        CorrectiveAction, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField(max_length=255, help_text="The file's name as it was uploaded.")
    description = models.CharField(max_length=255, blank=True)
    effective_on = models.DateField("effective date", help_text="The day that it speaks of, not that of the upload.")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_for = models.CharField("reason it was removed", max_length=255, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        verbose_name_plural = "evidence"
        constraints = [
            check_constraint(Q(removed_at=None) | ~Q(removed_for=""), name="removed_evidence_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("evidence_detail", args=[self.obligation.project.code, self.pk])
