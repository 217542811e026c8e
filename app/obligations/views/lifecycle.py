"""Suspending, retiring and triggering an obligation: each on a page that asks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from registers.forms.changing import add_errors

from obligations.forms.obligation import BecauseForm, LifecycleForm, ResumeForm, SuspendForm, TriggerForm
from obligations.models import Occurrence
from obligations.services import obligations as services
from obligations.services.authorising import holds
from obligations.services.materialise import RuleChange
from obligations.services.obligations import StaleObligation
from obligations.services.occurrences import occurrence_trigger
from obligations.views.findings import last_event, obligation_or_404
from obligations.views.rules import summary


@dataclass(frozen=True)
class Step:
    """Something that can be done to an obligation as a whole.

    Args:
        form: what it asks for.
        service: does it.
        permission: who may.
        button: what its button says.
        explains: what it does, before it is done.
        said: what is said when it is done.
    """

    form: type[LifecycleForm]
    service: Callable[..., RuleChange | Occurrence]
    permission: str
    button: str
    explains: str
    said: str


STEPS = {
    "suspend": Step(
        SuspendForm,
        services.obligation_suspend,
        "obligation.retire",
        "Suspend",
        "It asks for nothing until it is resumed. What was worked on stays as it is.",
        "It is suspended.",
    ),
    "resume": Step(
        ResumeForm,
        services.obligation_resume,
        "obligation.retire",
        "Resume",
        "It asks to be done again.",
        "It is resumed.",
    ),
    "retire": Step(
        BecauseForm,
        services.obligation_retire,
        "obligation.retire",
        "Retire",
        "It never falls due again: dates to come that nobody has worked on are taken away. Its history stays.",
        "It is retired.",
    ),
    "reinstate": Step(
        BecauseForm,
        services.obligation_reinstate,
        "obligation.retire",
        "Reinstate",
        "It is in use again, and falls due as its recurrence says.",
        "It is in use again.",
    ),
    "trigger": Step(
        TriggerForm,
        occurrence_trigger,
        "occurrence.update",
        "Record that it happened",
        "It falls due once more, counted from the day on which it happened.",
        "It is recorded.",
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_step(request: SignedInRequest, code: str, pk: int, name: str) -> HttpResponse:
    """Say what a step does, ask what it needs to know, and do it."""
    access, obligation = obligation_or_404(request, code, pk)
    step = STEPS[name]
    if not holds(request.user, set(access.roles), step.permission, obligation):
        raise PermissionDenied
    form = step.form(request.POST if request.method == "POST" else None, obligation=obligation)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        stored, obligation.version = obligation.version, form.cleaned_data["version"]
        try:
            done = step.service(actor=request.user, obligation=obligation, **form.values)
        except StaleObligation as stale:
            obligation, status = stale.current, 409
            seen = request.POST.copy()
            seen["version"] = str(stored)
            form.data = seen
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{step.said} {summary(done)}" if isinstance(done, RuleChange) else step.said)
            return redirect(obligation if isinstance(done, RuleChange) else done)
    context: dict[str, Any] = {
        "project": access.project,
        "obligation": obligation,
        "form": form,
        "step": step,
        "stale": status == 409,
        "changed": last_event(obligation) if status == 409 else None,
    }
    return render(request, "obligations/obligation_step.html", context, status=status)
