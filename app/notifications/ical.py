"""A calendar for calendar programs (RFC 5545): each date an all-day event, with its title and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import chain, islice
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event
from registers.models import Project

from notifications.audience import People
from notifications.entries import AHEAD, BEHIND, bring_up_to_date
from notifications.feed import FeedState
from notifications.models import CalendarEntry, CalendarFeed

REFRESH = timedelta(hours=4)
# Calendar programs give up on more than about a megabyte: the next dates come first, then the latest past ones.
MOST = 3000
# A cancelled event is sent so long, for programs that look in now and then; after that it is left out.
CANCELLED_FOR = timedelta(days=60)


def as_ical(feed: CalendarFeed, state: FeedState) -> bytes:
    """Return the calendar, in lines of at most 75 octets that end in CRLF."""
    for project, stamp in zip(state.projects, state.stamps, strict=True):
        bring_up_to_date(project, stamp)
    today = timezone.localdate()
    CalendarFeed.objects.filter(pk=feed.pk).exclude(read_on=today).update(read_on=today)
    calendar = Calendar()
    calendar.add("prodid", "-//Enssol//Environmental obligations//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    name = f"Enssol: {feed.project.name if feed.project else 'your dates'}"
    # RFC 7986 and what programs read that do not know it.
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    for project, entry in _entries(feed, state.projects):
        calendar.add_component(_event(project, entry))
    text: bytes = calendar.to_ical()
    return text


def _entries(feed: CalendarFeed, projects: list[Project]) -> Iterator[tuple[Project, CalendarEntry]]:
    people = {} if feed.project_id else People.of(projects)
    forgotten = timezone.now() - CANCELLED_FOR
    for project in projects:
        today = project.today
        here = {person.pk for person in people[project.pk].roles} if people else set()
        rows = CalendarEntry.objects.filter(project=project).exclude(is_cancelled=True, changed_at__lt=forgotten)
        coming = rows.filter(on__range=(today, today + AHEAD)).order_by("on", "pk")
        past = rows.filter(on__gte=today - BEHIND, on__lt=today).order_by("-on", "pk")
        wanted = (
            entry
            for entry in chain(coming.iterator(), past.iterator())
            if feed.project_id or _first(entry.people, here) == feed.user_id
        )
        yield from ((project, entry) for entry in islice(wanted, MOST))


def _first(keys: list[int], here: set[int]) -> int | None:
    """Return who of the people does it: the first who is still there."""
    return next((key for key in keys if key in here), None)


def _event(project: Project, entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", f"{entry.subject.replace(':', '-')}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.on)
    event.add("dtend", entry.on + timedelta(days=1))
    event.add("summary", entry.title)
    event.add("categories", [project.name])
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event
