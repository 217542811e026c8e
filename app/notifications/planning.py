"""Which mails are due on a day: reads the register and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from email.utils import make_msgid
from zoneinfo import ZoneInfo

from accounts.models import User
from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone
from obligations.models import Comment
from registers.models import Project

from notifications.audience import People, hearers
from notifications.duties import BATCH, open_duties
from notifications.ladder import BEFORE, CATCH_UP
from notifications.models import Kind, Notice

# Nobody wants to be told at midnight: what a day brings is told from this hour on, by the clocks at the site.
FROM_HOUR = 6
MONDAY = 0


def is_awake(project: Project, now: datetime) -> bool:
    """Return whether it is late enough in the day, at the site, to tell what the day brings."""
    return timezone.localtime(now, ZoneInfo(project.timezone)).hour >= FROM_HOUR


def drafts(project: Project, on: date) -> Iterator[list[Notice]]:
    """Yield the notices that are due on a day, unsaved, some hundred at a time; some may have been told already.

    Args:
        project: whose register is read.
        on: the project's day.
    """
    people = People.of([project])[project.pk]
    for duties in open_duties(project, on + timedelta(days=max(BEFORE))):
        batch = []
        for duty in duties:
            day = duty.date_on(on)
            for person, (kind, step) in hearers(duty, people, on).items():
                batch.append(draft(project, person, kind, subject=duty.subject, step=step, day=day))
        yield batch
    yield from _mentions(project, on, people)
    yield _digests(project, on, people)


def draft(project: Project, person: User, kind: Kind, *, subject: str, step: int, day: date) -> Notice:
    """Return a notice, unsaved, with the Message-ID that it keeps however often it is tried."""
    return Notice(
        project=project,
        person=person,
        kind=kind,
        subject=subject,
        step=step,
        due_date=day,
        message_id=make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")),
    )


def _mentions(project: Project, on: date, people: People) -> Iterator[list[Notice]]:
    zone = ZoneInfo(project.timezone)
    since, until = (
        datetime.combine(day, time(), tzinfo=zone)
        for day in (on - timedelta(days=CATCH_UP - 1), on + timedelta(days=1))
    )
    here = {person.pk for person in people.roles}
    mentioned = Prefetch("mentions", User.objects.filter(pk__in=here))
    comments = Comment.objects.filter(obligation__project=project, at__gte=since, at__lt=until, mentions__in=here)
    for comment in comments.distinct().order_by("pk").prefetch_related(mentioned).iterator(chunk_size=BATCH):
        day = timezone.localtime(comment.at, zone).date()
        yield [
            draft(project, person, Kind.MENTION, subject=f"comment:{comment.pk}", step=0, day=day)
            for person in comment.mentions.all()
            if person.pk != comment.author_id and people.choices_of(person).wants(Kind.MENTION)
        ]


def _digests(project: Project, on: date, people: People) -> list[Notice]:
    monday = on - timedelta(days=(on.weekday() - MONDAY) % 7)
    if (on - monday).days >= CATCH_UP:
        return []
    return [
        draft(project, person, Kind.DIGEST, subject=f"project:{project.pk}", step=0, day=monday)
        for person in people.roles
        if people.choices_of(person).wants(Kind.DIGEST)
    ]
