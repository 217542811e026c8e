"""Which non-compliances and corrective actions a person may see, and which of them wait for somebody."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Q
from registers.models import Project

if TYPE_CHECKING:
    from obligations.models import CorrectiveAction, NonCompliance  # noqa: F401  base classes name them in strings

OPEN = ("open", "notified")


class NonComplianceQuerySet(models.QuerySet["NonCompliance"]):
    def visible_to(self, user: User | AnonymousUser) -> NonComplianceQuerySet:
        """Keep the non-compliances of the projects that the person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def unresolved(self) -> NonComplianceQuerySet:
        """Keep what is neither closed nor found compliant."""
        return self.filter(status__in=OPEN)

    def to_notify(self) -> NonComplianceQuerySet:
        """Keep those of which the regulator has yet to be told."""
        return self.unresolved().filter(notification_due__isnull=False, notified_on=None)

    def for_table(self) -> NonComplianceQuerySet:
        """Fetch with each row what a table shows, with how many corrective actions it has and how many are open."""
        return self.select_related("project", "obligation__mechanism").annotate(
            action_count=Count("actions"), open_actions=Count("actions", filter=Q(actions__closed_at=None))
        )

    def for_page(self) -> NonComplianceQuerySet:
        """Fetch with each row what its page shows."""
        return self.select_related(
            "project__organisation",
            "obligation__mechanism__parent",
            "obligation__project__organisation",
            "condition",
            "occurrence__project",
            "occurrence__obligation__mechanism",
            "finding__inspection__project",
            "raised_by",
            "closed_by",
        )


class CorrectiveActionQuerySet(models.QuerySet["CorrectiveAction"]):
    def visible_to(self, user: User | AnonymousUser) -> CorrectiveActionQuerySet:
        """Keep the corrective actions of the projects that the person may see."""
        return self.filter(non_compliance__project__in=Project.objects.visible_to(user))

    def unfinished(self) -> CorrectiveActionQuerySet:
        """Keep what has yet to be completed."""
        return self.filter(completed_on=None, closed_at=None)

    def overdue(self, on: date) -> CorrectiveActionQuerySet:
        """Keep what should have been completed before that day."""
        return self.unfinished().filter(due_on__lt=on)

    def to_check(self) -> CorrectiveActionQuerySet:
        """Keep what is completed and has yet to be found effective."""
        return self.filter(completed_on__isnull=False, closed_at=None)

    def owned_by(self, user: User) -> CorrectiveActionQuerySet:
        return self.filter(owner=user)

    def for_page(self) -> CorrectiveActionQuerySet:
        """Fetch with each row what its page and a table of them show."""
        return self.select_related(
            "owner",
            "checked_by",
            "closed_by",
            "non_compliance__project__organisation",
            "non_compliance__obligation__mechanism",
            "non_compliance__obligation__project__organisation",
        )
