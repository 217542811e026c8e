"""What programs show to be let in, and the answers that they may ask for twice."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.utils import timezone
from registers.models import Project


class TokenQuerySet(models.QuerySet["Token"]):
    def alive(self, at: datetime) -> TokenQuerySet:
        """Keep the tokens that open something at that moment."""
        return self.filter(revoked_at=None, expires_at__gt=at, user__is_active=True)


class Token(models.Model):
    """Lets a program act as a person, in all projects of theirs or in one, until a day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="What uses it, such as Power BI.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, which is stored nowhere.")
    may_write = models.BooleanField("may change things", default=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty for all of theirs."
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Token]] = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [check_constraint(models.Q(expires_at__gt=models.F("created_at")), name="token_expires_later")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class KeptAnswer(models.Model):
    """What a request that created something was answered, for a program that asks again with the same key."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_a_key")]
        indexes = [models.Index(fields=["at"], name="kept_answer_at")]

    def __str__(self) -> str:
        return self.key
