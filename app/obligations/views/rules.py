"""Saying when an obligation falls due."""

from __future__ import annotations

from datetime import date

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from registers.access import Access
from registers.forms.changing import add_errors

from obligations.forms.rules import RuleForm
from obligations.models import Obligation, RecurrenceRule
from obligations.previewing import preview
from obligations.services.materialise import RuleChange
from obligations.services.rules import rule_in_words, rule_set
from obligations.views.findings import obligation_or_404

NAMED = 6


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_rule(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Say when an obligation falls due; look at the dates that follow, then save them."""
    access, obligation = obligation_or_404(request, code, pk)
    access.require("obligation.change")
    rule = RecurrenceRule.objects.filter(obligation=obligation).select_related("milestone").first()
    data = request.POST if request.method == "POST" else None
    form = RuleForm(data, obligation=obligation, rule=rule)
    if data is None:
        return _page(request, access, obligation, form, shown=rule)
    if not form.is_valid():
        return _page(request, access, obligation, form, status=422)
    if data.get("action") != "save":
        return _page(request, access, obligation, form, shown=form.entered)
    if form.is_stale:
        return _page(request, access, obligation, _taken_as_seen(form), shown=form.entered, status=409)
    try:
        change = rule_set(
            actor=request.user, obligation=obligation, values=form.values, reason=form.cleaned_data["reason"]
        )
    except ValidationError as error:
        add_errors(form, error)
        return _page(request, access, obligation, form, status=422)
    messages.success(request, f"The recurrence is saved. {summary(change)}")
    return redirect(obligation)


def summary(change: RuleChange) -> str:
    """Return which dates went, came and moved, in words."""
    moved = [f"{_on(before)} to {_on(after)}" for before, after in change.moved]
    parts = [
        (len(change.removed), "went", [_on(day) for day in sorted(change.removed)]),
        (len(change.added), "came", [_on(day) for day in sorted(change.added)]),
        (len(moved), "moved", moved),
    ]
    said = [
        f"{number} date{'s' * (number != 1)} {verb}: {', '.join(days[:NAMED])}{', …' if number > NAMED else ''}."
        for number, verb, days in parts
        if number
    ]
    return " ".join(said) or "No date changed."


def _taken_as_seen(form: RuleForm) -> RuleForm:
    """Return the form again: saving it now replaces the rule that somebody else has stored meanwhile."""
    fresh = RuleForm(None, obligation=form.obligation, rule=form.rule)
    data = form.data.copy() if isinstance(form.data, QueryDict) else QueryDict(mutable=True)
    data["opened"] = fresh["opened"].value()
    again = RuleForm(data, obligation=form.obligation, rule=form.rule)
    again.is_valid()
    return again


def _page(
    request: SignedInRequest,
    access: Access,
    obligation: Obligation,
    form: RuleForm,
    *,
    shown: RecurrenceRule | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the form beside the dates that follow from a rule, if there is one."""
    today = access.project.today
    context = {
        "project": access.project,
        "obligation": obligation,
        "form": form,
        "stored": rule_in_words(obligation),
        "preview": preview(shown, obligation, today) if shown else None,
        "is_stored": shown is not None and not form.is_bound,
        "stale": status == 409,
        "today": today,
    }
    return render(request, "obligations/rule_edit.html", context, status=status)


def _on(day: date) -> str:
    return f"{day:%-d %B %Y}"
