"""Which reports a person may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from registers.models import Project

if TYPE_CHECKING:
    from reports.statutory.models import StatutoryReport  # noqa: F401  the base class names it in a string


class StatutoryReportQuerySet(models.QuerySet["StatutoryReport"]):
    def visible_to(self, user: User | AnonymousUser) -> StatutoryReportQuerySet:
        """Keep the reports of the projects that the person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def for_page(self) -> StatutoryReportQuerySet:
        """Fetch with each row what its page and a list of them show; the snapshots, which are long, stay out."""
        return self.select_related(
            "project__organisation", "mechanism", "prepared_by", "finalised_by", "signed_by", "withdrawn_by"
        ).defer("snapshot")
