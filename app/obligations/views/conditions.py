"""The pages of conditions."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.forms.mechanisms import ConditionForm, MoveForm
from registers.models import Condition
from registers.services.changing import StaleRow
from registers.services.conditions import condition_add as add
from registers.services.conditions import condition_correct
from registers.services.conditions import condition_move as move

from obligations.amendments import current_conditions
from obligations.comparing import pieces
from obligations.models import Obligation
from obligations.views.mechanisms import mechanism_or_404


@login_required
@require_safe
def condition_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show a condition in all the words that it has had, with its obligations."""
    access, condition = _condition_or_404(request, code, pk)
    chain = _chain(condition)
    newest, today = chain[0], access.project.today
    duties = Obligation.objects.filter(condition=newest).order_by("sort_key").for_table()
    words = [
        (row, pieces(before.text, row.text) if before else [], pieces(before.heading, row.heading) if before else [])
        for row, before in zip(chain, [*chain[1:], None], strict=True)
    ]
    context = {
        "project": access.project,
        "mechanism": condition.mechanism,
        "condition": newest,
        "words": words,
        "today": today,
        "obligations": [(duty, duty.state(today)) for duty in duties],
        "children": newest.children.filter(ended_on=None).order_by("sort_key"),
        "may_change": access.may("mechanism.change") and newest.ended_on is None,
        "may_add_obligation": access.may("obligation.add") and newest.ended_on is None,
    }
    return render(request, "mechanisms/condition.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def condition_add(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Add a condition to a mechanism."""
    access, mechanism = mechanism_or_404(request, code, pk)
    access.require("mechanism.change")
    form = ConditionForm(
        request.POST if request.method == "POST" else None,
        mechanism=mechanism,
        places=current_conditions(mechanism),
        parent=request.GET.get("parent", ""),
    )
    if form.is_valid():
        try:
            condition = add(actor=request.user, mechanism=mechanism, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Condition {condition.number} is added.")
            if "another" in request.POST:
                parent = f"?parent={condition.parent_id}" if condition.parent_id else ""
                return redirect(request.path + parent)
            return redirect("mechanism_detail", code, mechanism.pk)
    context = {"project": access.project, "mechanism": mechanism, "form": form}
    return render(request, "mechanisms/condition_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def condition_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Correct what was copied wrongly."""
    access, condition = _condition_or_404(request, code, pk)
    access.require("mechanism.change")
    data = request.POST if request.method == "POST" else None
    form = ConditionForm(data, mechanism=condition.mechanism, places=[], condition=condition)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            condition_correct(
                actor=request.user,
                condition=condition,
                changes=form.changes,
                opened=form.opened,
                reason=form.cleaned_data["reason"],
            )
        except ValidationError as error:
            add_errors(form, error)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        else:
            messages.success(request, f"Condition {condition.number} is corrected.")
            return redirect("condition_detail", code, condition.pk)
    context = {"project": access.project, "mechanism": condition.mechanism, "condition": condition, "form": form}
    return render(request, "mechanisms/condition_form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def condition_move(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Put a condition under another one."""
    access, condition = _condition_or_404(request, code, pk)
    access.require("mechanism.change")
    places = [place for place in current_conditions(condition.mechanism) if place.pk != condition.pk]
    form = MoveForm(request.POST if request.method == "POST" else None, condition=condition, places=places)
    if form.is_valid():
        try:
            move(actor=request.user, condition=condition, parent=form.cleaned_data["parent"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Condition {condition.number} is moved.")
            return redirect("mechanism_detail", code, condition.mechanism_id)
    context = {"project": access.project, "mechanism": condition.mechanism, "condition": condition, "form": form}
    return render(request, "mechanisms/condition_move.html", context, status=422 if form.is_bound else 200)


def _condition_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Condition]:
    access = access_or_404(request.user, code)
    rows = Condition.objects.filter(mechanism__project=access.project)
    return access, get_object_or_404(rows.select_related("mechanism__project", "parent", "introduced", "ended"), pk=pk)


def _chain(condition: Condition) -> list[Condition]:
    """Return all rows of a condition, whichever of them is asked for: the newest first."""
    rows = Condition.objects.select_related("introduced", "ended", "parent")
    newest = condition
    while later := rows.filter(supersedes=newest).first():
        newest = later
    chain = [newest]
    while earlier := rows.filter(superseded_by=chain[-1]).first():
        chain.append(earlier)
    return chain
