"""The pages of corrective actions."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.services.changing import StaleRow

from obligations.forms.findings import ActForm, ReasonForm
from obligations.forms.noncompliance import CheckForm, CompleteForm, CorrectiveActionForm
from obligations.models import CorrectiveAction
from obligations.querysets import CorrectiveActionQuerySet
from obligations.services import corrective_actions as service
from obligations.services.evidence import Proven
from obligations.services.findings import StaleFinding
from obligations.views.evidence import evidence_panel
from obligations.views.findings import Act, last_event, number_in, tabbed
from obligations.views.noncompliance import non_compliance_or_404

ACTS = {
    "complete": Act(
        CompleteForm, service.corrective_action_complete, "Complete", "The corrective action is completed."
    ),
    "check": Act(CheckForm, service.corrective_action_check, "Record the check", "The check is recorded."),
    "close": Act(ReasonForm, service.corrective_action_close, "Close", "The corrective action is closed."),
    "reopen": Act(ReasonForm, service.corrective_action_reopen, "Reopen", "The corrective action is open again."),
}


@login_required
@require_safe
def corrective_action_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the corrective actions of the project."""
    access = access_or_404(request.user, code)
    today = access.project.today
    rows = CorrectiveAction.objects.filter(non_compliance__project=access.project)
    parts = {
        "open": ("To do", rows.unfinished()),
        "overdue": ("Overdue", rows.overdue(today)),
        "mine": ("Mine", rows.unfinished().owned_by(request.user)),
        "to_check": ("Effect to be checked", rows.to_check()),
        "closed": ("Closed", rows.filter(closed_at__isnull=False)),
    }

    def in_order(part: CorrectiveActionQuerySet) -> CorrectiveActionQuerySet:
        return part.for_page().order_by("-closed_at" if request.GET.get("show") == "closed" else "due_on", "pk")

    context = {"project": access.project, "today": today, **tabbed(request, parts, in_order)}
    context["lines"] = [(row, row.is_overdue(today)) for row in context["page"]]
    return render(request, "obligations/corrective_action_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def corrective_action_add(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Add something to be done about a non-compliance, in place of what did not work if the address names that."""
    access, non_compliance = non_compliance_or_404(request, code, pk)
    access.require("noncompliance.change")
    new = CorrectiveAction(non_compliance=non_compliance)
    earlier = number_in(request, "instead")
    if earlier is not None:
        failed = get_object_or_404(non_compliance.actions.filter(is_effective=False), pk=earlier)
        new.owner = failed.owner
        new.description = (
            f"Instead of “{failed.description}”, which was found not effective on {failed.check_on:%-d %B %Y}: "
        )
    form = CorrectiveActionForm(request.POST if request.method == "POST" else None, instance=new)
    if form.is_valid():
        try:
            service.corrective_action_add(actor=request.user, non_compliance=non_compliance, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The corrective action is added.")
            return redirect(f"{non_compliance.get_absolute_url()}#actions")
    context = {"project": access.project, "non_compliance": non_compliance, "form": form}
    return render(request, "obligations/corrective_action_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def corrective_action_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show one corrective action and what can be done with it."""
    access, row = _action_or_404(request, code, pk)
    return _detail_page(request, access, row)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def corrective_action_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change what is to be done, by whom and by when."""
    access, row = _action_or_404(request, code, pk)
    access.require("noncompliance.change")
    form = CorrectiveActionForm(request.POST if request.method == "POST" else None, instance=row)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            service.corrective_action_change(
                actor=request.user, corrective_action=row, changes=form.changes, opened=form.opened
            )
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The corrective action is saved.")
            return redirect(row)
    context = {"project": access.project, "non_compliance": row.non_compliance, "action": row, "form": form}
    return render(request, "obligations/corrective_action_form.html", context, status=status)


@login_required
@require_POST
def corrective_action_act(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Complete, check, close or reopen."""
    access, row = _action_or_404(request, code, pk)
    if act not in ACTS:
        raise Http404("Nothing of that name can be done")
    if not _may(request, row, act):
        raise PermissionDenied
    form = ACTS[act].form(request.POST, version=row.version, auto_id=f"{act}_%s")
    status = 422
    if form.is_valid():
        try:
            ACTS[act].service(actor=request.user, corrective_action=row, **form.values)
        except StaleFinding as stale:
            form.upon(stale.current.version)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, ACTS[act].said)
            return redirect(row)
    return _detail_page(request, access, row, status=status, **{act: form})


def _action_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, CorrectiveAction]:
    access = access_or_404(request.user, code)
    actions = CorrectiveAction.objects.filter(non_compliance__project=access.project).for_page()
    return access, get_object_or_404(actions, pk=pk)


def _detail_page(
    request: SignedInRequest, access: Access, row: CorrectiveAction, *, status: int = 200, **sent: ActForm
) -> HttpResponse:
    """Show the page; a form that was sent and did not do stands open with what was entered."""
    today = access.project.today
    initial = {"complete": {"completed_on": today}, "check": {"check_on": today}}
    forms = {
        name: act.form(version=row.version, auto_id=f"{name}_%s", initial=initial.get(name, {}))
        for name, act in ACTS.items()
    }
    # What was sent stays to be read, even if it can be done no more.
    shown = [name for name in dict.fromkeys([*_possible(row), *sent]) if _may(request, row, name)]
    context = {
        "project": access.project,
        "today": today,
        "action": row,
        "non_compliance": row.non_compliance,
        "obligation": row.obligation,
        "overdue": row.is_overdue(today),
        "evidence": evidence_panel(request, access, Proven(row.obligation, corrective_action=row)),
        "may_change": access.may("noncompliance.change"),
        "acts": [(name, ACTS[name].button, sent.get(name, forms[name])) for name in shown],
        "failed": next(iter(sent.values()), None),
        "stale": status == 409,
        "changed": last_event(row) if status == 409 else None,
    }
    return render(request, "obligations/corrective_action_detail.html", context, status=status)


def _may(request: SignedInRequest, row: CorrectiveAction, act: str) -> bool:
    return (service.may_complete if act == "complete" else service.may_close)(request.user, row)


def _possible(row: CorrectiveAction) -> list[str]:
    """Return what can be done with a corrective action as it stands."""
    if not row.non_compliance.is_open:
        return []
    if row.closed_at:
        return ["reopen"]
    if row.completed_on is None:
        return ["complete"]
    return ["check", "reopen"] if row.is_effective is None else ["check", "close", "reopen"]
