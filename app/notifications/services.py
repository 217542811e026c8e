"""What people decide about being told: their choices, and the calendars that they subscribe to."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection

from accounts.models import User
from audit.services import Entry, changing, record
from django.core.exceptions import ValidationError
from django.db import transaction
from registers.models import Project

from notifications.ladder import BEFORE
from notifications.models import CalendarFeed, Choices, Kind

MOST_FEEDS = 20


def choices_save(*, actor: User, wanted: Collection[str], before: Collection[int], digest_only: bool) -> Choices:
    """Keep what the actor wants to be told by mail.

    Args:
        actor: whose choices they are.
        wanted: kinds of mail.
        before: how many days before a date, out of BEFORE.
        digest_only: the week's mail instead of single ones.

    Raises:
        ValidationError: single mails are to be replaced by the week's mail, which is not wanted.
    """
    if digest_only and Kind.DIGEST not in wanted:
        raise ValidationError({"wanted": "Keep the mail of your week on, if it is to replace the single ones."})
    with transaction.atomic():
        choices, _ = Choices.objects.select_for_update().get_or_create(user=actor)
        choices.off = [kind for kind in Kind.values if kind not in wanted]
        choices.before = [days for days in BEFORE if days in before]
        choices.digest_only = digest_only
        choices.save()
    return choices


def kind_switch_off(*, person: User, kind: str) -> None:
    """Stop mails of one kind, which whoever received one may ask for."""
    with transaction.atomic():
        choices, _ = Choices.objects.select_for_update().get_or_create(user=person)
        choices.off = sorted({*choices.off, kind})
        choices.save()


def feed_create(*, actor: User, name: str, project: Project | None) -> tuple[CalendarFeed, str]:
    """Make a calendar for the actor to subscribe to.

    Args:
        actor: whose calendar it is: it shows what they may see when it is read.
        name: where it is used, to know it by.
        project: whose dates; None for what concerns the actor, in all of their projects.

    Returns:
        the calendar, and the token for its address, which is stored nowhere.

    Raises:
        ValidationError: the project is not one of theirs, or they have too many calendars.
    """
    if project and not Project.objects.visible_to(actor).filter(pk=project.pk).exists():
        raise ValidationError({"project": "Choose one of your projects."})
    if actor.calendar_feeds.count() >= MOST_FEEDS:
        raise ValidationError(f"You have {MOST_FEEDS} calendars: revoke one that you do not use.")
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(user=actor, project=project, name=name, token_hash=_hash(token))
    if project is None:
        feed.save()
    else:
        with changing(project.organisation):
            feed.save()
            record(project.organisation, actor, Entry("calendar_feed.create", feed, project.pk))
    return feed, token


def feed_revoke(*, actor: User, feed: CalendarFeed) -> None:
    """Let a calendar's address lead nowhere from now on; the actor's own calendars only."""
    project = feed.project
    if project is None:
        actor.calendar_feeds.filter(pk=feed.pk).delete()
        return
    with changing(project.organisation):
        record(project.organisation, actor, Entry("calendar_feed.revoke", feed, project.pk))
        actor.calendar_feeds.filter(pk=feed.pk).delete()


def feed_of(token: str) -> CalendarFeed | None:
    """Return the calendar that the token opens, if its person may still sign in and see what it shows."""
    feeds = CalendarFeed.objects.select_related("user", "project")
    feed = feeds.filter(token_hash=_hash(token), user__is_active=True).first()
    if feed is None or (feed.project and feed.project not in Project.objects.visible_to(feed.user)):
        return None
    return feed


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
