"""Which inspections a person may see, and what is planned, late or has found something."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from accounts.models import User
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from registers.models import Project

if TYPE_CHECKING:
    from obligations.models import Inspection  # noqa: F401  the base class names it in a string

FINDING = Q(answers__result="finding")


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, user: User | AnonymousUser) -> InspectionQuerySet:
        """Keep the inspections of the projects that the person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def planned(self) -> InspectionQuerySet:
        """Keep what has yet to be performed."""
        return self.filter(state="planned")

    def overdue(self, on: date) -> InspectionQuerySet:
        """Keep what was planned for a day before that one and has not been performed."""
        return self.planned().filter(planned_on__lt=on)

    def performed(self) -> InspectionQuerySet:
        return self.filter(state="performed")

    def with_findings(self) -> InspectionQuerySet:
        """Keep what was performed and found something."""
        answers = apps.get_model("obligations", "Answer")._default_manager
        found = answers.filter(inspection=OuterRef("pk"), result="finding")
        return self.performed().filter(Exists(found))

    def for_table(self) -> InspectionQuerySet:
        """Fetch with each row what a table of inspections shows, with the numbers of answers and findings."""
        return self.for_page().annotate(
            answered=Count("answers", filter=~Q(answers__result=""), distinct=True),
            findings=Count("answers", filter=FINDING, distinct=True),
        )

    def for_page(self) -> InspectionQuerySet:
        """Fetch with each row what its page shows."""
        return self.select_related(
            "project__organisation",
            "obligation__mechanism",
            "obligation__project__organisation",
            "occurrence__project",
            "occurrence__obligation__mechanism",
            "inspector",
            "performed_by",
        )
