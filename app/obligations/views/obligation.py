"""The pages of one obligation."""

from __future__ import annotations

import re
from typing import Any

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from registers.access import Access, access_or_404

from obligations.describing import facts
from obligations.forms.obligation import ObligationForm
from obligations.models import Obligation
from obligations.services.obligations import StaleObligation, obligation_update
from obligations.views.register import listing_for


@login_required
@require_safe
def obligation_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show everything that the register holds about one obligation."""
    access, obligation = _obligation_or_404(request, code, pk)
    notes = facts(obligation, "Notes")
    today = access.project.today
    context = {
        "project": access.project,
        "today": today,
        "state": obligation.state(today),
        "obligation": obligation,
        "who": facts(obligation, "Who"),
        "details": [(title, facts(obligation, title)) for title in ("Kind", "Recurrence", "Inspection and control")],
        "notes": notes,
        "nothing": [note.label for note in notes if not note.value],
        "may_change": access.may("obligation.change"),
        **_neighbours(request, access, obligation),
    }
    return render(request, "obligations/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change an obligation; whoever saves second is shown both versions."""
    access, obligation = _obligation_or_404(request, code, pk)
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


def _obligation_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Obligation]:
    access = access_or_404(request.user, code)
    obligations = Obligation.objects.filter(project=access.project).for_page()
    return access, get_object_or_404(obligations, pk=pk)


def _neighbours(request: SignedInRequest, access: Access, obligation: Obligation) -> dict[str, int | None]:
    """Return what stands before and after in the list that the page was opened from, if it says which place it was."""
    at = request.GET.get("at", "")
    if not re.fullmatch(r"[0-9]{1,9}", at):
        return {}
    before, after = listing_for(request, access).neighbours(obligation, int(at))
    return {"position": int(at), "before": before, "after": after}
