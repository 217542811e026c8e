"""What happened to an obligation: each change, comment and file in one line of time, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from audit.models import AuditEvent
from audit.services import name_of
from django.core.paginator import Page, Paginator
from django.db import models

from obligations.models import Comment, Evidence, Obligation, Occurrence

PER_PAGE = 20

# The events that are no change of a field but something to look at.
SAID, PROVED = "comment.add", "evidence.add"


class Moment(NamedTuple):
    """One event, and the row that it speaks of as far as the page shows more of it than what was recorded."""

    event: AuditEvent
    comment: Comment | None
    evidence: Evidence | None
    occurrence: Occurrence | None

    @property
    def kind(self) -> str:
        if self.comment:
            return "comment"
        return "evidence" if self.event.subject.startswith("evidence:") else "change"


def timeline(obligation: Obligation, page: str | None, occurrence: Occurrence | None = None) -> Page[Any]:
    """Return a page of what happened to an obligation, or to one of its occurrences, as moments.

    Comments and uploads are events as well, so that one list has everything once and in order; its number of queries
    does not depend on how much happened.

    Args:
        obligation: whose events.
        page: its number as asked for; the nearest that there is.
        occurrence: to keep only what was done to it.
    """
    events = AuditEvent.objects.filter(topic=name_of(obligation)).order_by("-sequence")
    if occurrence is not None:
        own = [name_of(occurrence)]
        for kind, rows in (("comment", occurrence.comments), ("evidence", occurrence.evidence)):
            own += [f"{kind}:{key}" for key in rows.values_list("pk", flat=True)]
        events = events.filter(subject__in=own)
    shown = Paginator(events, PER_PAGE).get_page(page)
    find = _Rows(list(shown.object_list))
    comments = find.of("comment", Comment.objects.select_related("author", "occurrence").prefetch_related("mentions"))
    files = find.of("evidence", Evidence.objects.select_related("file"))
    occurrences = find.of("occurrence", Occurrence.objects.all())
    moments: Page[Any] = shown
    moments.object_list = [Moment(event, comments(event), files(event), occurrences(event)) for event in find.events]
    return moments


class _Rows:
    """Finds the rows that events are about, one query a kind."""

    def __init__(self, events: list[AuditEvent]) -> None:
        self.events = events

    def of(self, kind: str, rows: models.QuerySet[Any]) -> Callable[[AuditEvent], Any]:
        names = {event.subject for event in self.events}
        keys = [int(name.partition(":")[2]) for name in names if name.startswith(f"{kind}:")]
        found = {f"{kind}:{row.pk}": row for row in rows.filter(pk__in=keys)}
        return lambda event: found.get(event.subject)
