"""What was uploaded, by its content: a file is stored once, under the hash that proves it unchanged."""

from __future__ import annotations

from accounts.models import Organisation, User
from django.db import models


class StoredFile(models.Model):
    """Bytes that an organisation stored; two uploads of the same bytes share them, their names do not."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=100, help_text="As found in the content, never as the name claims.")
    stored_at = models.DateTimeField(auto_now_add=True)
    stored_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="When the bytes were last hashed again.")
    intact = models.BooleanField(default=True, help_text="Whether they then still had this hash.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "sha256"], name="stored_once_an_organisation")]

    def __str__(self) -> str:
        return self.sha256[:12]
