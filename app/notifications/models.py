"""What people are told and how far that is, what they want to be told, and the calendars that they subscribe to."""

from __future__ import annotations

from accounts.models import User
from config.compat import check_constraint
from django.db import models
from django.db.models import Q
from django.utils import timezone
from registers.models import Project

from notifications.ladder import BEFORE


class Kind(models.TextChoices):
    """What a mail is about, as people switch it on and off."""

    DUE = "due", "What falls due"
    ACTION = "action", "Corrective actions that fall due"
    INSPECTION = "inspection", "Inspections that are planned"
    OVERDUE = "overdue", "What you are late with"
    ESCALATION = "escalation", "What others are late with"
    REGULATOR = "regulator", "Clocks of regulators"
    MENTION = "mention", "Comments that name you"
    DIGEST = "digest", "Your week, each Monday"


def all_days() -> list[int]:
    return list(BEFORE)


class Choices(models.Model):
    """What a person wants to be told by mail; who has none is told everything."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="notice_choices")
    off = models.JSONField(default=list, blank=True, help_text="Kinds that are not wanted.")
    before = models.JSONField(default=all_days, blank=True, help_text="Days before a date, each a reminder.")
    digest_only = models.BooleanField(default=False, help_text="The week's mail stands for all single ones.")

    def __str__(self) -> str:
        return f"Choices of {self.user}"

    def wants(self, kind: str) -> bool:
        """Return whether the person wants mails of the kind."""
        return kind not in self.off and (kind == Kind.DIGEST or not self.digest_only)


class Notice(models.Model):
    """One mail to one person, from the moment that it is due until it is sent: the outbox.

    The key says what it is about, so that nothing is told twice; the text is written when it is sent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "No longer needed"
        DEAD = "dead", "Given up"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="notices")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=60, help_text="What it is about, such as occurrence:17.")
    step = models.SmallIntegerField(help_text="Days before the date; 0 on it, negative after it.")
    due_date = models.DateField(help_text="The date of which it tells.")

    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    message_id = models.CharField(max_length=120, unique=True, help_text="The same each time it is tried.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    claim = models.CharField(max_length=32, blank=True, help_text="Of the sender that holds it.")
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="Until then no other sender takes it.")
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent, dropped or given up.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was not sent.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "subject", "kind", "step", "due_date"], name="nothing_is_told_twice"
            ),
            check_constraint(
                ~Q(state="claimed") | (~Q(claim="") & Q(claimed_until__isnull=False)), name="claimed_notice_has_a_lease"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="notice_to_send"),
            models.Index(fields=["subject"], name="notice_subject"),
            models.Index(fields=["project", "state"], name="notice_project_state"),
            models.Index(fields=["claim"], name="notice_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.person}: {self.subject}, {self.due_date:%-d %B %Y}"

    @property
    def key(self) -> tuple[int, str, str, int, str]:
        """What nobody is told twice."""
        return (self.person_id, self.subject, self.kind, self.step, self.due_date.isoformat())


class CalendarFeed(models.Model):
    """A calendar that a person subscribes to: what concerns them, or all of one project."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_feeds")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, help_text="All of it; empty for the person's own."
    )
    name = models.CharField(max_length=60, help_text="Where it is used, such as Phone.")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what stands in the address.")
    created_at = models.DateTimeField(default=timezone.now)
    read_on = models.DateField("last read on", null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name


class CalendarEntry(models.Model):
    """What calendars were told of one date, so that they understand that it moved or went.

    Occurrences that a changed rule takes back leave no other trace from which a cancellation could be made.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=60, help_text="What falls due, such as occurrence:17.")
    on = models.DateField()
    title = models.CharField(max_length=255)
    people = models.JSONField(default=list, help_text="Keys of those whom it concerns.")
    is_cancelled = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["on", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "subject"], name="calendar_entry_once")]
        indexes = [models.Index(fields=["project", "on"], name="calendar_entry_on")]

    def __str__(self) -> str:
        return self.title
