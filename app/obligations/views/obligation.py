"""The pages of one obligation."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.models import Condition

from obligations.compliance import last_closed, verdict
from obligations.counting import stamp_of
from obligations.describing import facts
from obligations.forms.comments import CommentForm
from obligations.forms.obligation import NewObligationForm, ObligationForm
from obligations.kept import kept_part
from obligations.models import DONE_STATES, Basis, Obligation, Occurrence, RecurrenceRule
from obligations.recurrence.words import describe
from obligations.services.evidence import Proven
from obligations.services.obligations import StaleObligation, obligation_create, obligation_update
from obligations.services.reading_rules import event_of, rule_of
from obligations.states import Lifecycle
from obligations.timeline import timeline
from obligations.views.evidence import evidence_panel
from obligations.views.findings import findings_panel, number_in, obligation_in, obligation_or_404
from obligations.views.register import listing_for

COMING, PAST = 5, 5
DETAILS = ("How it applies", "Kind", "Inspection and control", "Recurrence as the register says")


@login_required
@require_safe
def obligation_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show everything that the register holds about one obligation, and what happened to it."""
    access = access_or_404(request.user, code)
    stamp = stamp_of(access.project)
    part = kept_part(
        request,
        access,
        "obligations/_detail.html",
        stamp=stamp,
        make=lambda: _detail(request, access, obligation_in(access, pk), stamp),
    )
    context = {"project": access.project, "stamp": stamp, "code": part.about, "body": part.html}
    return render(request, "obligations/detail.html", context)


def _detail(request: SignedInRequest, access: Access, obligation: Obligation, stamp: str) -> tuple[dict[str, Any], str]:
    """Return what the page of an obligation says, and the obligation's code."""
    notes = facts(obligation, "Notes")
    today = access.project.today
    findings = findings_panel(access, obligation)
    context = {
        "project": access.project,
        "today": today,
        "state": obligation.state(today),
        "obligation": obligation,
        "who": facts(obligation, "Who"),
        "details": [(title, facts(obligation, title)) for title in DETAILS],
        "notes": notes,
        "nothing": [note.label for note in notes if not note.value],
        "findings": findings,
        "evidence": evidence_panel(request, access, Proven(obligation)),
        "timeline": timeline(obligation, request.GET.get("page")),
        "comment": CommentForm() if access.may("comment.add") else None,
        "people": access.project.people(),
        "may_change": access.may("obligation.change"),
        "may_retire": access.may("obligation.retire"),
        **_when(access, obligation, today),
        **_neighbours(request, access, obligation, stamp),
    }
    return context, obligation.code


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Add an obligation, then ask when it falls due."""
    access = access_or_404(request.user, code)
    access.require("obligation.add")
    wanted = number_in(request, "condition")
    conditions = Condition.objects.filter(mechanism__project=access.project, ended_on=None)
    condition = None if wanted is None else get_object_or_404(conditions, pk=wanted)
    form = NewObligationForm(
        request.POST if request.method == "POST" else None, project=access.project, condition=condition
    )
    if form.is_valid():
        try:
            obligation = obligation_create(actor=request.user, project=access.project, values=form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{obligation.code} is added. Now say when it falls due.")
            return redirect("obligation_rule", code, obligation.pk)
    context = {"project": access.project, "form": form}
    return render(request, "obligations/obligation_add.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change an obligation; whoever saves second is shown both versions."""
    access, obligation = obligation_or_404(request, code, pk)
    access.require("obligation.change")
    form = ObligationForm(request.POST if request.method == "POST" else None, obligation=obligation)
    if not form.is_valid():
        return _edit_page(request, access, obligation, form, status=422 if form.is_bound else 200)
    version = form.cleaned_data["version"]
    try:
        obligation_update(actor=request.user, obligation=obligation, changes=form.changes, expected_version=version)
    except StaleObligation as stale:
        fresh, differences = form.upon(stale.current), form.differences(stale.current)
        return _edit_page(request, access, stale.current, fresh, status=409, differences=differences)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _edit_page(request, access, obligation, form, status=422)
    messages.success(request, f"{obligation.code} is saved.")
    return redirect(f"{obligation.get_absolute_url()}?{request.GET.urlencode()}".rstrip("?"))


def _edit_page(
    request: SignedInRequest, access: Access, obligation: Obligation, form: ObligationForm, *, status: int, **more: Any
) -> HttpResponse:
    context = {"project": access.project, "obligation": obligation, "form": form, **more}
    return render(request, "obligations/edit.html", context, status=status)


def _when(access: Access, obligation: Obligation, today: date) -> dict[str, Any]:
    """Return when the obligation falls and fell due, by what rule, and how well it is met."""
    rule = RecurrenceRule.objects.filter(obligation=obligation).select_related("milestone").first()
    rows = list(obligation.occurrences.select_related("project", "assigned_to").order_by("sequence"))
    waiting = sorted(
        (one for one in rows if one.state not in DONE_STATES), key=lambda one: (one.due_date or date.max, one.sequence)
    )
    done = [one for one in reversed(rows) if one.state in DONE_STATES]
    current = waiting[0] if waiting else None
    unresolved = obligation.non_compliances.unresolved()
    waits = rule is not None and rule.basis in {Basis.EVENT, Basis.AS_REQUIRED} and rule.milestone_id is None
    return {
        "rule": describe(rule_of(rule, obligation.mechanism), event_of(rule)) if rule else "",
        "occurrence": current,
        "extensions": list(current.extensions.all()) if current else [],
        "coming": _with_lateness(waiting[:COMING], today),
        "past": _with_lateness(done[:PAST], today),
        "number": len(rows),
        "verdict": verdict(obligation, last_closed(rows), bool(waiting), unresolved, today),
        "suspension": obligation.suspensions.filter(ends_on=None).last() if obligation.lifecycle != "active" else None,
        "may_trigger": waits and obligation.lifecycle == Lifecycle.ACTIVE and access.may("occurrence.update"),
    }


def _with_lateness(rows: list[Occurrence], today: date) -> list[tuple[Occurrence, bool]]:
    return [(one, one.is_overdue(today)) for one in rows]


def _neighbours(request: SignedInRequest, access: Access, obligation: Obligation, stamp: str) -> dict[str, int | None]:
    """Return what stands before and after in the list that the page was opened from, if it says which place it was."""
    at = request.GET.get("at", "")
    if not re.fullmatch(r"[0-9]{1,9}", at):
        return {}
    before, after = listing_for(request, access, stamp).neighbours(obligation, int(at))
    return {"position": int(at), "before": before, "after": after}
