"""What a calendar shows now, told without writing it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.conf import settings
from obligations.counting import stamp_of
from registers.models import Project

from notifications.models import CalendarFeed

# Part of the ETag: raise it when the same entries are to read differently.
FORMAT = 1


@dataclass(frozen=True)
class FeedState:
    """Which projects a calendar shows, in which state, and the digest of it all."""

    projects: list[Project]
    stamps: list[str]
    digest: str


def state_of(feed: CalendarFeed) -> FeedState:
    """Return what a calendar shows now, without writing it: the projects that its person may see at this moment."""
    visible = Project.objects.visible_to(feed.user).order_by("pk")
    projects = list(visible.filter(pk=feed.project_id) if feed.project_id else visible)
    stamps = [stamp_of(project) for project in projects]
    days = [project.today.isoformat() for project in projects]
    text = repr((FORMAT, feed.pk, settings.SITE_URL, stamps, days))
    return FeedState(projects, stamps, hashlib.sha256(text.encode()).hexdigest())
