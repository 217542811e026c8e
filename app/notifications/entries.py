"""What calendars have been told of a project: brought up to date when somebody reads one.

An entry keeps its identity and counts its changes, as RFC 5545 asks for, and outlives the row that it was made from:
without it nobody could be told that a date was taken back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from obligations.counting import SECONDS
from registers.models import Project

from notifications.duties import BATCH, SOURCES, Duty, batches
from notifications.models import CalendarEntry

BEHIND = timedelta(days=60)
AHEAD = timedelta(days=400)
TOLD = ("on", "title", "people", "is_cancelled")
STORED = ("pk", "subject", "sequence", *TOLD)


def bring_up_to_date(project: Project, stamp: str) -> None:
    """Let the project's entries say what its register says, from two months ago to thirteen months ahead.

    Args:
        project: whose.
        stamp: of the register's state, from `obligations.counting.stamp_of`; nothing is done twice for the same one.
    """
    today = project.today
    state = hashlib.sha256(f"{stamp} {today}".encode()).hexdigest()
    key = f"calendar-{project.pk}-{state}"
    if cache.get(key):
        return
    present: set[str] = set()
    since, until = today - BEHIND, today + AHEAD
    for source in SOURCES.values():
        for duties in batches(source, source.of(project).filter(source.dated(since=since, until=until))):
            shown = [duty for duty in duties if since <= duty.due <= until]
            present.update(duty.subject for duty in shown)
            _keep(project, shown)
    _cancel(project, since, present)
    cache.set(key, True, SECONDS)


def _keep(project: Project, duties: Iterable[Duty]) -> None:
    """Store what is new or has changed."""
    now = timezone.now()
    wanted = {duty.subject: duty for duty in duties}
    rows = CalendarEntry.objects.filter(project=project, subject__in=wanted)
    stored = {subject: (key, sequence, told) for key, subject, sequence, *told in rows.values_list(*STORED)}
    new, changed = [], []
    for subject, duty in wanted.items():
        told = [duty.due, f"{duty.code} {duty.title}"[:255], list(duty.people), duty.is_cancelled]
        if subject not in stored:
            if not duty.is_cancelled:
                new.append(
                    CalendarEntry(
                        project=project, subject=subject, changed_at=now, **dict(zip(TOLD, told, strict=True))
                    )
                )
            continue
        key, sequence, before = stored[subject]
        if before != told:
            said = dict(zip(TOLD, told, strict=True))
            changed.append(CalendarEntry(pk=key, sequence=sequence + 1, changed_at=now, **said))
    with transaction.atomic():
        # Who reads another calendar of the project at this moment stores the same.
        CalendarEntry.objects.bulk_create(new, ignore_conflicts=True)
        CalendarEntry.objects.bulk_update(changed, (*TOLD, "sequence", "changed_at"), batch_size=BATCH)


def _cancel(project: Project, since: date, present: set[str]) -> None:
    """Cancel what the register does not have any more."""
    standing = CalendarEntry.objects.filter(project=project, on__gte=since, is_cancelled=False)
    named = standing.order_by("pk").values_list("pk", "subject")
    gone = [key for key, subject in named.iterator() if subject not in present]
    for start in range(0, len(gone), BATCH):
        CalendarEntry.objects.filter(pk__in=gone[start : start + BATCH]).update(
            is_cancelled=True, sequence=F("sequence") + 1, changed_at=timezone.now()
        )
