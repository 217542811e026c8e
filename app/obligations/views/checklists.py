"""The page of an obligation's checklist."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.services.changing import StaleRow

from obligations.forms.inspections import ChecklistItemForm
from obligations.models import ChecklistItem
from obligations.services import inspections as service
from obligations.views.findings import obligation_or_404

DIRECTIONS = {"up": -1, "down": 1}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checklist(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show what inspections of an obligation ask, and take another question."""
    access, obligation = obligation_or_404(request, code, pk)
    data = request.POST if request.method == "POST" else None
    if data is not None:
        access.require("inspection.schedule")
    form = ChecklistItemForm(data, instance=ChecklistItem(obligation=obligation))
    if form.is_valid():
        try:
            service.checklist_item_add(actor=request.user, obligation=obligation, **form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The question is added.")
            return redirect("checklist", code, obligation.pk)
    items = list(obligation.checklist.all())
    context = {
        "project": access.project,
        "obligation": obligation,
        "items": [item for item in items if item.is_current],
        "retired": [item for item in items if not item.is_current],
        "may_change": access.may("inspection.schedule"),
        "form": form,
    }
    return render(request, "obligations/checklist_page.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checklist_item_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Reword a question."""
    access, item = _item_or_404(request, code, pk)
    form = ChecklistItemForm(request.POST if request.method == "POST" else None, instance=item)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            service.checklist_item_change(actor=request.user, item=item, changes=form.changes, opened=form.opened)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The question is saved. What was answered before stands as it was asked.")
            return redirect("checklist", code, item.obligation_id)
    context = {"project": access.project, "obligation": item.obligation, "item": item, "form": form}
    return render(request, "obligations/checklist_item.html", context, status=status)


@login_required
@require_POST
def checklist_item_move(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Move a question one place up or down."""
    _, item = _item_or_404(request, code, pk)
    by = DIRECTIONS.get(request.POST.get("direction", ""), 0)
    service.checklist_item_move(actor=request.user, item=item, by=by)
    return redirect("checklist", code, item.obligation_id)


@login_required
@require_POST
def checklist_item_retire(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Ask a question no more, or again."""
    _, item = _item_or_404(request, code, pk)
    again = "restore" in request.POST
    service.checklist_item_retire(actor=request.user, item=item, is_current=again)
    said = "is asked again" if again else "is asked no more; inspections that asked it keep it"
    messages.success(request, f"“{item}” {said}.")
    return redirect("checklist", code, item.obligation_id)


def _item_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, ChecklistItem]:
    access = access_or_404(request.user, code)
    access.require("inspection.schedule")
    items = ChecklistItem.objects.filter(obligation__project=access.project).select_related(
        "obligation__mechanism", "obligation__project__organisation"
    )
    return access, get_object_or_404(items, pk=pk)
