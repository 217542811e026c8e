"""Occurrences, the audit trail and the lines of reports as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.http import SignedInRequest
from audit.export import CHUNK, HEADER, cells
from audit.filters import TrailFilter
from audit.models import AuditEvent
from django.contrib.auth.decorators import login_required
from django.http import StreamingHttpResponse
from django.views.decorators.http import require_safe
from obligations.models import Occurrence
from obligations.querysets import OccurrenceQuerySet
from registers.access import access_or_404

from reports.exporting import table_response

OCCURRENCES = (
    "obligation",
    "sequence",
    "period_start",
    "period_end",
    "nominal_date",
    "due_date",
    "target_date",
    "triggered_on",
    "trigger",
    "state",
    "assigned_to",
    "submitted_on",
    "completed_on",
    "outcome",
    "closed_by",
    "cancelled_for",
    "note",
)


@login_required
@require_safe
def occurrences(request: SignedInRequest, code: str, form: str) -> StreamingHttpResponse:
    """Send all times that the project's obligations fall due, by obligation."""
    access = access_or_404(request.user, code)
    access.require("export.run")
    rows = Occurrence.objects.filter(project=access.project).select_related(
        "obligation__mechanism", "assigned_to", "closed_by"
    )
    ordered = rows.order_by("obligation__mechanism__short", "obligation__sort_key", "obligation", "sequence")
    return table_response(f"{code}-occurrences-{access.project.today.isoformat()}", form, _occurrences(ordered))


@login_required
@require_safe
def trail(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """Send what the audit trail shows under the same address, over all its pages, as a workbook."""
    access = access_or_404(request.user, code)
    access.require("audit.view")
    events = TrailFilter(request.GET, project=access.project).narrow(AuditEvent.objects.of(access.project))

    def rows() -> Iterator[list[Any]]:
        yield list(HEADER)
        for event in events.iterator(chunk_size=CHUNK):
            yield list(cells(event))

    return table_response(f"{code}-audit-trail", "xlsx", rows())


def _occurrences(rows: OccurrenceQuerySet) -> Iterator[list[Any]]:
    yield list(OCCURRENCES)
    for one in rows.iterator(chunk_size=CHUNK):
        told = [
            one.obligation.code,
            one.sequence + 1,
            one.period_start,
            one.period_end,
            one.nominal_date,
            one.due_date,
            one.target_date,
            one.triggered_on,
            one.trigger,
            one.get_state_display(),
            str(one.assigned_to or ""),
            one.submitted_on,
            one.completed_on,
            one.get_result_display(),
            str(one.closed_by or ""),
            one.cancelled_for,
            one.note,
        ]
        yield ["" if cell is None else cell for cell in told]
