"""Which evidence a person may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from registers.models import Project

if TYPE_CHECKING:
    from obligations.models import Evidence  # noqa: F401  the base class names it in a string


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User | AnonymousUser) -> EvidenceQuerySet:
        """Keep the evidence of the projects that the person may see."""
        return self.filter(obligation__project__in=Project.objects.visible_to(user))

    def current(self) -> EvidenceQuerySet:
        """Keep what has not been removed."""
        return self.filter(removed_at=None)

    def for_list(self) -> EvidenceQuerySet:
        """Fetch with each row what a list of evidence and its page show."""
        return self.select_related(
            "file",
            "uploaded_by",
            "reviewed_by",
            "removed_by",
            "obligation__mechanism",
            "obligation__project__organisation",
            "occurrence__project",
            "occurrence__obligation__mechanism",
            "inspection__obligation__mechanism",
            "inspection__project",
            "corrective_action__non_compliance__project",
        )
