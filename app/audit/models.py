"""The record of who did what: only ever added to, each entry sealed with the hash of the one before it."""

from __future__ import annotations

from accounts.models import Organisation, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from audit.querysets import AuditEventQuerySet


class Channel(models.TextChoices):
    """The way by which a change came in."""

    WEB = "web", "Web"
    API = "api", "API"
    COMMAND = "command", "Command"
    IMPORT = "import", "Import"
    SYSTEM = "system", "System"


def in_words(codename: str) -> str:
    """Return an action's codename or a field's name as people read it."""
    return codename.replace("_", " ").replace(".", ": ").capitalize()


class AuditEvent(models.Model):
    """One change: who, when, from where, what before and after, and why."""

    # The constraint below has its index.
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False, related_name="+")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=254, help_text="As the actor was called then.")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=45, blank=True, help_text="The actor's IP address.")
    action = models.CharField(max_length=60, help_text="What was done, such as occurrence.close.")
    project_id = models.BigIntegerField(null=True, help_text="The project's key; the project may be gone since.")
    subject = models.CharField(max_length=60, help_text="What it was done to, such as occurrence:17.")
    subject_label = models.CharField(max_length=255)
    topic = models.CharField(max_length=60, blank=True, help_text="Whose page shows it, such as obligation:4.")
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="Field: [before, after].")
    reason = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["organisation", "sequence"]
        constraints = [models.UniqueConstraint(fields=["organisation", "sequence"], name="one_event_a_place")]
        indexes = [
            models.Index(fields=["topic", "-sequence"], name="audit_topic"),
            models.Index(fields=["project_id", "-sequence"], name="audit_project"),
            models.Index(fields=["project_id", "action", "-sequence"], name="audit_project_action"),
            models.Index(fields=["project_id", "actor", "-sequence"], name="audit_project_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"

    @property
    def deed(self) -> str:
        """The action as people read it: `occurrence.close` is “Occurrence: close”."""
        return in_words(self.action)


class AuditChain(models.Model):
    """The end of an organisation's chain; taking its row's lock is what puts writers in a queue."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.organisation}: {self.sequence}"
