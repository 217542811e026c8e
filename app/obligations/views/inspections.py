"""The pages of inspections: what is planned, performing one, what was found."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.services.changing import StaleRow

from obligations.forms.findings import ReasonForm
from obligations.forms.inspections import InspectionForm, PerformForm
from obligations.models import Inspection, Obligation
from obligations.querysets import InspectionQuerySet
from obligations.services import inspections as service
from obligations.services.evidence import Proven
from obligations.services.findings import StaleFinding
from obligations.views.evidence import evidence_panel
from obligations.views.findings import last_event, number_in, obligation_or_404, pick_page, tabbed


@login_required
@require_safe
def inspection_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the inspections of the project, or of one obligation."""
    access = access_or_404(request.user, code)
    today, obligation = access.project.today, None
    rows = Inspection.objects.filter(project=access.project)
    wanted = number_in(request, "obligation")
    if wanted is not None:
        obligation = get_object_or_404(Obligation.objects.filter(project=access.project).for_table(), pk=wanted)
        rows = rows.filter(obligation=obligation)
    parts = {
        "planned": ("Planned", rows.planned()),
        "overdue": ("Overdue", rows.overdue(today)),
        "performed": ("Performed", rows.performed()),
        "findings": ("With findings", rows.with_findings()),
        "cancelled": ("Cancelled", rows.filter(state=Inspection.State.CANCELLED)),
    }

    def in_order(part: InspectionQuerySet) -> InspectionQuerySet:
        soonest_first = request.GET.get("show", "planned") in {"planned", "overdue"}
        return part.for_table().order_by("planned_on" if soonest_first else "-performed_on", "-pk")

    context = {
        "project": access.project,
        "today": today,
        "obligation": obligation,
        "may_schedule": access.may("inspection.schedule"),
        "may_perform": access.may("inspection.perform"),
        **tabbed(request, parts, in_order),
    }
    return render(request, "obligations/inspection_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inspection_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Plan an inspection of an obligation, or for an occurrence of it."""
    access = access_or_404(request.user, code)
    access.require("inspection.schedule")
    wanted = number_in(request, "obligation")
    if wanted is None:
        inspected = Obligation.objects.filter(project=access.project, inspection=True)
        return pick_page(request, access, "Plan an inspection", inspected)
    _, obligation = obligation_or_404(request, code, wanted)
    occurrence = None
    if number_in(request, "occurrence") is not None:
        occurrence = get_object_or_404(obligation.occurrences.unfinished(), pk=number_in(request, "occurrence"))
    new = Inspection(
        obligation=obligation,
        project=access.project,
        occurrence=occurrence,
        planned_on=(occurrence and occurrence.due_date) or access.project.today,
        inspector=(occurrence and occurrence.assigned_to) or obligation.responsible_person,
        place=obligation.site_or_desktop,
    )
    form = InspectionForm(request.POST if request.method == "POST" else None, instance=new)
    if form.is_valid():
        try:
            row = service.inspection_schedule(actor=request.user, obligation=obligation, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"The inspection is planned for {row.planned_on:%-d %B %Y}.")
            return redirect(row)
    context = {"project": access.project, "obligation": obligation, "form": form}
    return render(request, "obligations/inspection_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def inspection_start(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Begin an inspection now: the planned one, or a new one."""
    access, obligation = obligation_or_404(request, code, pk)
    access.require("inspection.perform")
    occurrence, wanted = None, number_in(request, "occurrence")
    if wanted is not None:
        occurrence = get_object_or_404(obligation.occurrences.unfinished(), pk=wanted)
    row = service.inspection_start(actor=request.user, obligation=obligation, occurrence=occurrence)
    return redirect("inspection_perform", code, row.pk)


@login_required
@require_safe
def inspection_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show one inspection: what was asked, what was found and what came of it."""
    access, inspection = inspection_or_404(request, code, pk)
    return _detail_page(request, access, inspection, ReasonForm(version=inspection.version))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inspection_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Plan an inspection anew."""
    access, inspection = inspection_or_404(request, code, pk)
    access.require("inspection.schedule")
    form = InspectionForm(request.POST if request.method == "POST" else None, instance=inspection)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            service.inspection_change(
                actor=request.user, inspection=inspection, changes=form.changes, opened=form.opened
            )
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The inspection is saved.")
            return redirect(inspection)
    context = {"project": access.project, "obligation": inspection.obligation, "inspection": inspection, "form": form}
    return render(request, "obligations/inspection_form.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inspection_perform(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Answer the questions on site: all of them, or some now and the others later."""
    access, inspection = inspection_or_404(request, code, pk)
    access.require("inspection.perform")
    if inspection.state != Inspection.State.PLANNED and request.method != "POST":
        return redirect(inspection)
    data = request.POST if request.method == "POST" else None
    form = PerformForm(data, inspection=inspection, asked=service.questions(inspection))
    if not form.is_valid():
        return _perform_page(request, access, inspection, form, 422 if form.is_bound else 200)
    given = {
        "actor": request.user,
        "inspection": inspection,
        "answers": form.answers,
        "summary": form.cleaned_data["summary"].replace("\r\n", "\n"),
        "expected_version": form.cleaned_data["version"],
    }
    try:
        if request.POST.get("action") == "save":
            row = service.inspection_answer(**given)
            messages.success(request, f"{form.answered} of {len(form.asked)} answered: you can go on later.")
            return redirect("inspection_perform", code, row.pk)
        row = service.inspection_finish(**given, performed_on=form.cleaned_data["performed_on"])
    except StaleFinding:
        _, inspection = inspection_or_404(request, code, pk)
        form.show_stored(inspection, service.questions(inspection))
        return _perform_page(request, access, inspection, form, 409)
    except ValidationError as error:
        form.blame(error)
        return _perform_page(request, access, inspection, form, 422)
    messages.success(request, "The inspection is performed: its answers stand.")
    return redirect(row)


@login_required
@require_POST
def inspection_cancel(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Say that a planned inspection will not be performed."""
    access, inspection = inspection_or_404(request, code, pk)
    access.require("inspection.schedule")
    form = ReasonForm(request.POST, version=inspection.version)
    if form.is_valid():
        try:
            service.inspection_cancel(actor=request.user, inspection=inspection, **form.values)
        except StaleFinding as stale:
            form.upon(stale.current.version)
            return _detail_page(request, access, inspection, form, 409)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The inspection is cancelled.")
            return redirect(inspection)
    return _detail_page(request, access, inspection, form, 422)


def inspection_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Inspection]:
    """Return the person's access to the project, and an inspection of it."""
    access = access_or_404(request.user, code)
    return access, get_object_or_404(Inspection.objects.filter(project=access.project).for_page(), pk=pk)


def _perform_page(
    request: SignedInRequest, access: Access, inspection: Inspection, form: PerformForm, status: int
) -> HttpResponse:
    context = {
        "project": access.project,
        "inspection": inspection,
        "obligation": inspection.obligation,
        "form": form,
        "stale": status == 409,
        "changed": last_event(inspection) if status == 409 else None,
        "may_schedule": access.may("inspection.schedule"),
    }
    return render(request, "obligations/inspection_perform.html", context, status=status)


def _detail_page(
    request: SignedInRequest, access: Access, inspection: Inspection, form: ReasonForm, status: int = 200
) -> HttpResponse:
    occurrence = inspection.occurrence
    performed = inspection.state == Inspection.State.PERFORMED
    context = {
        "project": access.project,
        "today": access.project.today,
        "inspection": inspection,
        "obligation": inspection.obligation,
        "overdue": inspection.is_overdue(access.project.today),
        "answers": inspection.answers.prefetch_related("non_compliances"),
        "to_hand_in": occurrence if performed and occurrence and not occurrence.is_done else None,
        "evidence": evidence_panel(request, access, Proven(inspection.obligation, inspection=inspection)),
        "may_schedule": access.may("inspection.schedule"),
        "may_perform": access.may("inspection.perform"),
        "may_raise": access.may("noncompliance.raise"),
        "form": form,
        "stale": status == 409,
        "changed": last_event(inspection) if status == 409 else None,
    }
    return render(request, "obligations/inspection_detail.html", context, status=status)
