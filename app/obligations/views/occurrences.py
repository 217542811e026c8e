"""The pages of an obligation's occurrences, and what can be done to one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors

from obligations.acts import ACTS, close_withheld, possible_acts
from obligations.forms.comments import CommentForm
from obligations.forms.occurrences import OccurrenceForm
from obligations.models import Occurrence
from obligations.services.evidence import Proven
from obligations.services.occurrences import StaleOccurrence
from obligations.timeline import timeline
from obligations.views.evidence import evidence_panel
from obligations.views.findings import last_event, number_in, obligation_or_404, page_of


@login_required
@require_safe
def occurrence_list(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show all the times that an obligation falls or fell due, the latest first."""
    access, obligation = obligation_or_404(request, code, pk)
    today = access.project.today
    page = page_of(request, obligation.occurrences.select_related("project", "assigned_to").order_by("-sequence"))
    context = {
        "project": access.project,
        "obligation": obligation,
        "page": page,
        "rows": [(one, one.is_overdue(today)) for one in page],
    }
    return render(request, "obligations/occurrence_list.html", context)


@login_required
@require_safe
def occurrence_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show one time that an obligation falls due: where it stands, and what can be done."""
    access, occurrence = occurrence_or_404(request, code, pk)
    return _page(request, access, occurrence)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def occurrence_act(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Do something to an occurrence, or ask what it needs to know."""
    access, occurrence = occurrence_or_404(request, code, pk)
    doing = ACTS[act]
    if not doing.permitted(request.user, set(access.roles), occurrence):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, access, occurrence, opened=act)
    form = doing.form(request.POST, occurrence=occurrence, auto_id=f"{act}_%s")
    status = 422
    if form.is_valid():
        try:
            changed = doing.service(actor=request.user, occurrence=occurrence, **form.values)
        except StaleOccurrence as stale:
            form.upon(stale.current.version)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, doing.said, extra_tags=_undo_address(act, occurrence, changed))
            return redirect(occurrence)
    return _page(request, access, occurrence, status=status, sent={act: form})


@login_required
@require_POST
def occurrence_undo(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Take back what was just done, unless somebody did something since."""
    _, occurrence = occurrence_or_404(request, code, pk)
    undo = ACTS[act].undo if act in ACTS else None
    version = number_in(request, "version")
    if undo is None or version is None:
        raise Http404("Nothing of that name can be undone")
    before = number_in(request, "before")
    try:
        undo(actor=request.user, occurrence=occurrence, expected_version=version, before=before)
    except StaleOccurrence:
        messages.error(request, "Somebody changed it since, so it stays as it is. Look at what it is now.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Undone.")
    return redirect(occurrence)


def occurrence_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Occurrence]:
    """Return the person's access to the project, and an occurrence of it."""
    access = access_or_404(request.user, code)
    rows = Occurrence.objects.filter(project=access.project).select_related(
        "project__organisation",
        "obligation__project__organisation",
        "obligation__mechanism",
        "obligation__responsible_person",
        "assigned_to",
        "submitted_by",
        "closed_by",
    )
    return access, get_object_or_404(rows, pk=pk)


def _undo_address(act: str, before: Occurrence, after: Occurrence) -> str:
    if ACTS[act].undo is None:
        return ""
    address = reverse("occurrence_undo", args=[after.project.code, after.pk, act])
    query: dict[str, Any] = {"version": after.version}
    if act == "assign" and before.assigned_to_id:
        query["before"] = before.assigned_to_id
    return f"{address}?{urlencode(query)}"


def _page(
    request: SignedInRequest,
    access: Access,
    occurrence: Occurrence,
    *,
    opened: str = "",
    status: int = 200,
    sent: dict[str, OccurrenceForm] | None = None,
) -> HttpResponse:
    """Show the page; a form that was sent and did not do stands open with what was entered."""
    sent = sent or {}
    if status == 409:
        occurrence.refresh_from_db()
    names = dict.fromkeys([*possible_acts(request.user, set(access.roles), occurrence), *sent])
    others = occurrence.obligation.occurrences.order_by("sequence").only("pk", "sequence", "due_date")
    context = {
        "project": access.project,
        "today": access.project.today,
        "occurrence": occurrence,
        "obligation": occurrence.obligation,
        "is_overdue": occurrence.is_overdue(access.project.today),
        "extensions": list(occurrence.extensions.select_related("recorded_by")),
        "before": others.filter(sequence__lt=occurrence.sequence).last(),
        "after": others.filter(sequence__gt=occurrence.sequence).first(),
        "acts": [
            (name, ACTS[name], sent.get(name) or ACTS[name].form(occurrence=occurrence, auto_id=f"{name}_%s"))
            for name in names
        ],
        "close_withheld": close_withheld(request.user, set(access.roles), occurrence),
        "opened": next(iter(sent), opened),
        "failed": next(iter(sent.values()), None),
        "stale": status == 409,
        "changed": last_event(occurrence) if status == 409 else None,
        "evidence": evidence_panel(request, access, Proven(occurrence.obligation, occurrence=occurrence)),
        "timeline": timeline(occurrence.obligation, request.GET.get("page"), occurrence),
        "comment": CommentForm() if access.may("comment.add") else None,
        "people": access.project.people(),
        "non_compliances": occurrence.non_compliances.all(),
        "inspections": occurrence.inspections.select_related("obligation__mechanism", "project"),
        "may_raise": access.may("noncompliance.raise"),
        "may_plan": (occurrence.obligation.inspection and not occurrence.is_done and access.may("inspection.schedule")),
    }
    return render(request, "obligations/occurrence_detail.html", context, status=status)
