"""Which events a page or an export shows."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from registers.models import Project

    from audit.models import AuditEvent  # noqa: F401 - ruff does not read the text below as a type

# Each value is found from the one before it by one step down an index: a million events cost what a hundred do.
DISTINCT = {
    column: f"""
        WITH RECURSIVE seen(value) AS (
            SELECT MIN({column}) FROM audit_auditevent WHERE project_id = %s
            UNION ALL
            SELECT (SELECT MIN({column}) FROM audit_auditevent WHERE project_id = %s AND {column} > seen.value)
            FROM seen WHERE seen.value IS NOT NULL
        )
        SELECT value FROM seen WHERE value IS NOT NULL
    """  # noqa: S608 - the two columns below
    for column in ("action", "actor_id")
}


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def of(self, project: Project) -> AuditEventQuerySet:
        """Keep what happened in a project, the newest first."""
        return self.filter(project_id=project.pk, organisation=project.organisation_id).order_by("-sequence")

    def search(self, text: str) -> AuditEventQuerySet:
        """Keep events in which each of the words stands: in what changed, its name, the reason or the actor's name."""
        found = self.annotate(said=Cast("changes", models.TextField()))
        for word in text.split():
            # SQLite keeps JSON as it was written, with letters beyond ASCII escaped; PostgreSQL does not.
            found = found.filter(
                Q(subject_label__icontains=word)
                | Q(reason__icontains=word)
                | Q(actor_name__icontains=word)
                | Q(said__icontains=word)
                | Q(said__icontains=json.dumps(word)[1:-1])
            )
        return found

    def on_days(self, since: date | None, until: date | None, timezone: str) -> AuditEventQuerySet:
        """Keep events from one day to another, both included, as days are counted in that time zone."""
        zone, kept = ZoneInfo(timezone), self
        if since:
            kept = kept.filter(at__gte=datetime.combine(since, time(), zone))
        if until:
            kept = kept.filter(at__lt=datetime.combine(until + timedelta(days=1), time(), zone))
        return kept


def actions_in(project: Project) -> list[str]:
    """Return the codenames of all that was ever done in a project."""
    return _distinct("action", project)


def actors_in(project: Project) -> list[int]:
    """Return the keys of all people who ever did something in a project."""
    return _distinct("actor_id", project)


def _distinct(column: str, project: Project) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(DISTINCT[column], [project.pk, project.pk])
        return [value for (value,) in cursor.fetchall()]
