"""The page of a project's holidays, phases and milestones."""

from __future__ import annotations

from copy import copy

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.forms.calendar import HolidayForm, HolidaysForm, MilestoneForm, PhaseForm
from registers.forms.changing import add_errors
from registers.models import Holiday, Milestone, Phase
from registers.services.changing import StaleRow

from obligations.services import calendar as service


@login_required
@require_safe
def project_calendar(request: SignedInRequest, code: str) -> HttpResponse:
    """Show when the project's phases run, what its milestones are, and which days are holidays."""
    access = access_or_404(request.user, code)
    return _page(request, access, HolidaysForm())


@login_required
@require_POST
def holidays_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Add public holidays, one a line."""
    access = access_or_404(request.user, code)
    access.require(service.PERMISSION)
    form = HolidaysForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    number, moves = service.holidays_add(actor=request.user, project=access.project, holidays=form.holidays)
    known = len(form.holidays) - number
    said = [f"{number} holiday{'s' * (number != 1)} added"]
    if known:
        said.append(f"{known} known already")
    messages.success(request, f"{', '.join(said)}. {moves}")
    return redirect("project_calendar", code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def holiday_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Move a holiday or rename it; what is due because of it follows."""
    access, holiday = _holiday_or_404(request, code, pk)
    # A copy: checking a form writes into its instance, and the page still names what is stored.
    form = HolidayForm(request.POST if request.method == "POST" else None, instance=copy(holiday))
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            moves = service.holiday_change(
                actor=request.user, holiday=holiday, changes=form.changes, opened=form.opened
            )
        except ValidationError as error:
            add_errors(form, error)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        else:
            messages.success(request, f"{form.cleaned_data['name']} is saved. {moves}")
            return redirect("project_calendar", code)
    context = {"project": access.project, "holiday": holiday, "form": form}
    return render(request, "project_calendar/holiday.html", context, status=status)


@login_required
@require_POST
def holiday_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Make a holiday a day like others."""
    _, holiday = _holiday_or_404(request, code, pk)
    moves = service.holiday_remove(actor=request.user, holiday=holiday)
    messages.success(request, f"{holiday} is removed. {moves}")
    return redirect("project_calendar", code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def phase_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Say when a phase starts and ends."""
    access = access_or_404(request.user, code)
    access.require(service.PERMISSION)
    phase = get_object_or_404(Phase, organisation=access.project.organisation, pk=pk)
    dates = access.project.phases.filter(phase=phase).first()
    opened = {"starts_on": dates.starts_on, "ends_on": dates.ends_on} if dates else {}
    form = PhaseForm(request.POST if request.method == "POST" else None, initial=opened)
    if form.is_valid():
        try:
            moves = service.phase_set(actor=request.user, project=access.project, phase=phase, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"The dates of {phase} are saved. {moves}")
            return redirect("project_calendar", code)
    context = {"project": access.project, "phase": phase, "form": form}
    return render(request, "project_calendar/phase.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def milestone_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Add an event from which due dates can be counted."""
    access = access_or_404(request.user, code)
    access.require(service.PERMISSION)
    new = Milestone(project=access.project)
    form = MilestoneForm(request.POST if request.method == "POST" else None, instance=new)
    if form.is_valid():
        try:
            milestone = service.milestone_add(actor=request.user, project=access.project, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{milestone} is added.")
            return redirect("project_calendar", code)
    context = {"project": access.project, "form": form}
    return render(request, "project_calendar/milestone.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def milestone_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change a milestone; what is counted from it follows."""
    access, milestone = _milestone_or_404(request, code, pk)
    form = MilestoneForm(request.POST if request.method == "POST" else None, instance=milestone)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            moves = service.milestone_change(
                actor=request.user, milestone=milestone, changes=form.changes, opened=form.opened
            )
        except ValidationError as error:
            add_errors(form, error)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        else:
            messages.success(request, f"{milestone} is saved. {moves}")
            return redirect("project_calendar", code)
    context = {"project": access.project, "milestone": milestone, "form": form}
    return render(request, "project_calendar/milestone.html", context, status=status)


@login_required
@require_POST
def milestone_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Remove a milestone from which nothing is counted."""
    _, milestone = _milestone_or_404(request, code, pk)
    try:
        service.milestone_remove(actor=request.user, milestone=milestone)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{milestone} is removed.")
    return redirect("project_calendar", code)


def _holiday_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Holiday]:
    access = access_or_404(request.user, code)
    access.require(service.PERMISSION)
    return access, get_object_or_404(access.project.holidays.select_related("project__organisation"), pk=pk)


def _milestone_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Milestone]:
    access = access_or_404(request.user, code)
    access.require(service.PERMISSION)
    milestones = access.project.milestones.select_related("project__organisation")
    return access, get_object_or_404(milestones, pk=pk)


def _page(request: SignedInRequest, access: Access, form: HolidaysForm, *, status: int = 200) -> HttpResponse:
    project = access.project
    dates = {row.phase_id: row for row in project.phases.all()}
    phases = [(phase, dates.get(phase.pk)) for phase in Phase.objects.filter(organisation=project.organisation)]
    phases.sort(key=lambda item: (item[1] is None, str(item[1].starts_on) if item[1] else "", item[0].name))
    years: dict[int, list[object]] = {}
    for holiday in project.holidays.all():
        years.setdefault(holiday.on.year, []).append(holiday)
    context = {
        "project": project,
        "today": project.today,
        "phases": phases,
        "milestones": project.milestones.annotate(counted=Count("rules")).order_by("planned_on", "name"),
        "years": years,
        "form": form,
        "may_change": access.may(service.PERMISSION),
    }
    return render(request, "project_calendar/page.html", context, status=status)
