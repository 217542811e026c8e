"""Asking somebody in: a link that works once, for a time, for one address and one role."""

from __future__ import annotations

from accounts.models import Organisation, User
from accounts.roles import Role
from django.db import models
from django.utils import timezone

from registers.models.projects import Project


class Invitation(models.Model):
    """A place for a person in an organisation, or in one project of it. The link's token is known to them alone."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    email = models.EmailField("email address")
    role = models.CharField(max_length=20, choices=Role.choices)
    role_expires_on = models.DateField("last day of the role", null=True, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the link's token.")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"{self.email} as {self.get_role_display()} of {self.project or self.organisation}"

    @property
    def is_open(self) -> bool:
        """Whether the link still works."""
        return self.accepted_at is None and self.revoked_at is None and timezone.now() < self.expires_at
