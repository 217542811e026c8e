"""Views of a register that people keep."""

from __future__ import annotations

from accounts.models import User
from django.db import models
from django.db.models import Q
from registers.models import Project


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def offered_to(self, user: User, project: Project) -> SavedViewQuerySet:
        """Keep the person's own views of the project and those that others share with it."""
        return self.filter(Q(owner=user) | Q(is_shared=True), project=project)


class SavedView(models.Model):
    """A register's filters and order under a name: a person's own, or shared with the project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, help_text="As in the register's address.")
    is_shared = models.BooleanField("shared with the project", default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "owner", "name"], name="saved_view_name_unique"),
            models.UniqueConstraint(
                fields=["project", "name"], condition=Q(is_shared=True), name="shared_view_name_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name
