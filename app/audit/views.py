"""The pages of the audit trail: a project's own events, and whether the organisation's chain is whole."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlencode

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from registers.access import Access, access_or_404

from audit.export import csv_lines
from audit.filters import TrailFilter
from audit.links import pages_of
from audit.models import AuditEvent
from audit.querysets import AuditEventQuerySet
from audit.verification import verify

PAGE_SIZE = 50


@login_required
@require_safe
def audit_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show what was changed in a project, the newest first, narrowed as the address says."""
    access = _access_or_404(request, code)
    form = TrailFilter(request.GET, project=access.project)
    page = _page(form.narrow(AuditEvent.objects.of(access.project)), request.GET.get("before", ""))
    leads_to = pages_of(page.events, access.project)
    context = {
        "project": access.project,
        "form": form,
        "query": urlencode(form.given),
        "events": [(event, leads_to.get(event.subject, "")) for event in page.events],
        "older": urlencode({**form.given, "before": page.events[-1].sequence}) if page.has_older else "",
        "earlier": page.is_earlier,
    }
    return render(request, "audit/list.html", context)


@login_required
@require_safe
def audit_export(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """Give exactly what the list shows under the same address, over all its pages, as CSV."""
    access = _access_or_404(request, code)
    events = TrailFilter(request.GET, project=access.project).narrow(AuditEvent.objects.of(access.project))
    response = StreamingHttpResponse(csv_lines(events), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{access.project.code}.csv"'
    return response


@login_required
@require_POST
def audit_verify(request: SignedInRequest, code: str) -> HttpResponse:
    """Follow the organisation's chain from end to end, and show what was found."""
    access = _access_or_404(request, code)
    verdict = verify(access.project.organisation)
    return render(request, "audit/verified.html", {"project": access.project, "verdict": verdict})


def _access_or_404(request: SignedInRequest, code: str) -> Access:
    access = access_or_404(request.user, code)
    access.require("audit.view")
    return access


class _Page(NamedTuple):
    events: list[AuditEvent]
    has_older: bool
    is_earlier: bool


def _page(events: AuditEventQuerySet, before: str) -> _Page:
    """Return the events before a sequence number, as many as fit a page.

    Pages are cut by sequence number: what is added meanwhile moves nothing from one page to another.
    """
    is_earlier = bool(re.fullmatch(r"[0-9]{1,18}", before))
    if is_earlier:
        events = events.filter(sequence__lt=int(before))
    found = list(events[: PAGE_SIZE + 1])
    return _Page(found[:PAGE_SIZE], len(found) > PAGE_SIZE, is_earlier)
