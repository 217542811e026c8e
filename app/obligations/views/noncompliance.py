"""The pages of non-compliances: raising one, its clock, and what is done about it."""

from __future__ import annotations

from typing import Any

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.services.changing import StaleRow

from obligations.clock import Clock, usual_notice
from obligations.forms.findings import ActForm, ReasonForm
from obligations.forms.noncompliance import CloseForm, NonComplianceForm, NotifyForm
from obligations.models import Answer, NonCompliance, Obligation, Occurrence
from obligations.querysets import NonComplianceQuerySet
from obligations.services import noncompliance as service
from obligations.services.findings import StaleFinding
from obligations.states import Result
from obligations.views.findings import Act, last_event, number_in, obligation_or_404, pick_page, tabbed

ACTS = {
    "notify": Act(
        NotifyForm, service.non_compliance_notify, "Record the notification", "The notification is recorded."
    ),
    "confirm": Act(ReasonForm, service.non_compliance_confirm, "Confirm", "{} is confirmed."),
    "dismiss": Act(ReasonForm, service.non_compliance_dismiss, "Found compliant", "{} was found compliant."),
    "close": Act(CloseForm, service.non_compliance_close, "Close", "{} is closed."),
    "reopen": Act(ReasonForm, service.non_compliance_reopen, "Reopen", "{} is open again."),
}


@login_required
@require_safe
def non_compliance_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the non-compliances of the project, or of one obligation."""
    access = access_or_404(request.user, code)
    today, obligation = access.project.today, None
    rows = NonCompliance.objects.filter(project=access.project)
    wanted = number_in(request, "obligation")
    if wanted is not None:
        obligation = get_object_or_404(Obligation.objects.filter(project=access.project).for_table(), pk=wanted)
        rows = rows.filter(obligation=obligation)
    parts = {
        "open": ("Open", rows.unresolved()),
        "to_notify": ("Regulator to be told", rows.to_notify()),
        "potential": ("Potential", rows.unresolved().filter(kind=NonCompliance.Kind.POTENTIAL)),
        "closed": ("Closed", rows.filter(status=NonCompliance.Status.CLOSED)),
        "dismissed": ("Found compliant", rows.filter(status=NonCompliance.Status.DISMISSED)),
        "all": ("All", rows),
    }
    pressing_first = request.GET.get("show") == "to_notify"

    def in_order(part: NonComplianceQuerySet) -> NonComplianceQuerySet:
        return part.for_table().order_by("notification_due" if pressing_first else "-number")

    context = {
        "project": access.project,
        "obligation": obligation,
        "may_raise": access.may("noncompliance.raise"),
        **tabbed(request, parts, in_order),
    }
    context["lines"] = [(row, Clock.of(row, today)) for row in context["page"]]
    return render(request, "obligations/non_compliance_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def non_compliance_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Raise a non-compliance with an obligation, an occurrence of it, or from what an inspection found."""
    access = access_or_404(request.user, code)
    access.require("noncompliance.raise")
    finding, occurrence = _finding(request, access), _occurrence(request, access)
    source = (finding and finding.inspection) or occurrence
    wanted = source.obligation_id if source else number_in(request, "obligation")
    if wanted is None:
        late = Obligation.objects.filter(project=access.project).overdue(access.project.today)
        return pick_page(request, access, "Raise a non-compliance", late)
    _, obligation = obligation_or_404(request, code, wanted)
    new = _prefilled(access, obligation, finding, occurrence)
    form = NonComplianceForm(request.POST if request.method == "POST" else None, instance=new)
    if form.is_valid():
        try:
            row = service.non_compliance_raise(
                actor=request.user, obligation=obligation, values={**form.values, "finding": finding}
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{row.reference} is raised.")
            return redirect(row)
    context = {"project": access.project, "obligation": obligation, "finding": finding, "form": form}
    return render(request, "obligations/non_compliance_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def non_compliance_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show one non-compliance: its clock, its facts, its corrective actions, and what can be done."""
    access, row = non_compliance_or_404(request, code, pk)
    return _detail_page(request, access, row)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def non_compliance_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change what is said of a non-compliance."""
    access, row = non_compliance_or_404(request, code, pk)
    access.require("noncompliance.change")
    form = NonComplianceForm(request.POST if request.method == "POST" else None, instance=row)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            service.non_compliance_change(
                actor=request.user, non_compliance=row, changes=form.changes, opened=form.opened
            )
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{row.reference} is saved.")
            return redirect(row)
    context = {"project": access.project, "obligation": row.obligation, "non_compliance": row, "form": form}
    return render(request, "obligations/non_compliance_form.html", context, status=status)


@login_required
@require_POST
def non_compliance_act(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Tell the regulator, confirm, find compliant, close or reopen."""
    access, row = non_compliance_or_404(request, code, pk)
    access.require("noncompliance.change")
    if act not in ACTS:
        raise Http404("Nothing of that name can be done")
    form = ACTS[act].form(request.POST, version=row.version, auto_id=f"{act}_%s")
    status = 422
    if form.is_valid():
        try:
            ACTS[act].service(actor=request.user, non_compliance=row, **form.values)
        except StaleFinding as stale:
            form.upon(stale.current.version)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, ACTS[act].said.format(row.reference))
            return redirect(row)
    return _detail_page(request, access, row, status=status, **{act: form})


def non_compliance_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, NonCompliance]:
    """Return the person's access to the project, and a non-compliance of it."""
    access = access_or_404(request.user, code)
    return access, get_object_or_404(NonCompliance.objects.filter(project=access.project).for_page(), pk=pk)


def _detail_page(
    request: SignedInRequest, access: Access, row: NonCompliance, *, status: int = 200, **sent: ActForm
) -> HttpResponse:
    """Show the page; a form that was sent and did not do stands open with what was entered."""
    today = access.project.today
    told = {
        "notified_on": row.notified_on or today,
        "notified_how": row.notified_how,
        "notified_reference": row.notified_reference,
    }
    forms = {
        name: act.form(version=row.version, auto_id=f"{name}_%s", initial=told if name == "notify" else {})
        for name, act in ACTS.items()
    }
    actions = list(row.actions.for_page())
    may_change = access.may("noncompliance.change")
    # What was sent stays to be read, even if it can be done no more.
    shown = dict.fromkeys([*_possible(row), *sent]) if may_change else {}
    context = {
        "project": access.project,
        "today": today,
        "non_compliance": row,
        "obligation": row.obligation,
        "clock": Clock.of(row, today),
        "actions": [(action, action.is_overdue(today)) for action in actions],
        "open_actions": sum(action.closed_at is None for action in actions),
        "may_change": may_change,
        "acts": [(name, _button(row, name), sent.get(name, forms[name])) for name in shown],
        "failed": next(iter(sent.values()), None),
        "stale": status == 409,
        "changed": last_event(row) if status == 409 else None,
    }
    return render(request, "obligations/non_compliance_detail.html", context, status=status)


def _button(row: NonCompliance, act: str) -> str:
    return "Correct the notification" if act == "notify" and row.notified_on else ACTS[act].button


def _possible(row: NonCompliance) -> list[str]:
    """Return what can be done with a non-compliance as it stands."""
    if not row.is_open:
        return ["reopen"]
    if row.kind == NonCompliance.Kind.POTENTIAL:
        return ["notify", "confirm", "dismiss", "close"]
    return ["notify", "close"]


def _prefilled(
    access: Access, obligation: Obligation, finding: Answer | None, occurrence: Occurrence | None
) -> NonCompliance:
    """Return a non-compliance with all that is known of it already, unsaved."""
    today = access.project.today
    new = NonCompliance(
        project=access.project,
        obligation=obligation,
        condition=obligation.condition,
        occurrence=occurrence,
        kind=NonCompliance.Kind.POTENTIAL,
        aware_on=today,
        notify_count=obligation.mechanism.day_count,
    )
    notice = usual_notice(obligation.mechanism)
    if notice:
        new.notify_value, new.notify_unit, new.notify_count = notice.value, notice.unit, notice.count
    if finding:
        inspection = finding.inspection
        new.title = finding.question[:200]
        new.description = finding.note
        new.occurrence, new.location = inspection.occurrence, inspection.location
        new.aware_on = new.occurred_from = inspection.performed_on or today
    elif occurrence:
        new.title = f"{obligation} was not met"
        if occurrence.result == Result.NON_COMPLIANT:
            new.kind, new.description = NonCompliance.Kind.CONFIRMED, occurrence.note
    return new


def _finding(request: SignedInRequest, access: Access) -> Answer | None:
    pk = number_in(request, "finding")
    findings: Any = Answer.objects.filter(
        inspection__project=access.project, inspection__state="performed", result=Answer.Result.FINDING
    ).select_related("inspection__occurrence", "inspection__project")
    return get_object_or_404(findings, pk=pk) if pk is not None else None


def _occurrence(request: SignedInRequest, access: Access) -> Occurrence | None:
    pk = number_in(request, "occurrence")
    return get_object_or_404(Occurrence.objects.filter(project=access.project), pk=pk) if pk is not None else None
