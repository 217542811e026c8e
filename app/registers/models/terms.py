"""The words that an organisation uses for its obligations."""

from __future__ import annotations

from datetime import date

from accounts.models import Organisation
from django.db import models


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

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        ACTIVE = "active", "Active"
        OBSOLETE = "obsolete", "Obsolete"

    reference = models.CharField("document number", max_length=100, blank=True)
    version = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    effective = models.DateField("effective from", null=True, blank=True)
    review_on = models.DateField("next review", null=True, blank=True)
    owner = models.CharField("document owner", max_length=120, blank=True)
    summary = models.TextField(blank=True)
    document = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    document_name = models.CharField(max_length=255, blank=True)

    def review_overdue(self, on: date) -> bool:
        """Return whether the document should have been looked through before that day."""
        return self.review_on is not None and self.review_on < on and self.status != self.Status.OBSOLETE
