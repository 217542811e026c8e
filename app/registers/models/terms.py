"""The words that an organisation uses for its obligations."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from accounts.models import Organisation
from django.db import models
from django.db.models import Q


class Term(models.Model):
    """A word of an organisation's vocabulary."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)

    RETIRED: ClassVar[Q]

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="%(class)s_unique_name")]

    def __str__(self) -> str:
        return self.name


class Word(Term):
    """A word that is added, renamed, merged and retired on the pages of the vocabulary."""

    retired_at = models.DateTimeField(null=True, blank=True, help_text="From then on it is offered to nobody.")

    RETIRED = Q(retired_at__isnull=False)

    class Meta(Term.Meta):
        abstract = True

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None


class Aspect(Word):
    """Environmental aspect, such as dust or groundwater."""


class ObligationType(Word):
    """What kind of duty it is, such as monitoring or reporting."""


class Phase(Word):
    """Phase of a project, such as construction."""


class ResponsibleRole(Word):
    """Who does the work, by position."""


class Party(Word):
    """Who answers for it: the holder, a contractor."""


class Procedure(Term):
    """The controlled document that says how it is done."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        ACTIVE = "active", "Active"
        OBSOLETE = "obsolete", "Obsolete"

    RETIRED = Q(status=Status.OBSOLETE)

    reference = models.CharField("document number", max_length=100, blank=True)
    version = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    effective = models.DateField("effective from", null=True, blank=True)
    review_on = models.DateField("next review", null=True, blank=True)
    owner = models.CharField("document owner", max_length=120, blank=True)
    summary = models.TextField(blank=True)
    document = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    document_name = models.CharField(max_length=255, blank=True)

    @property
    def is_retired(self) -> bool:
        return self.status == self.Status.OBSOLETE

    def review_overdue(self, on: date) -> bool:
        """Return whether the document should have been looked through before that day."""
        return self.review_on is not None and self.review_on < on and self.status != self.Status.OBSOLETE
