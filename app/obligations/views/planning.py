"""Calendar, look-ahead and my work: what is coming, for a project and for a person."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

from accounts.http import SignedInRequest
from dateutil.relativedelta import relativedelta
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from registers.access import access_or_404
from registers.importing.literal import mark
from registers.models import Project

from obligations.forms.planning import PlanningFilter
from obligations.models import Occurrence
from obligations.planning import ahead, by_week, month_of, work_of

PAGE_SIZE = 200
CSV_HEADER = ("Due", "By the rule", "From", "To", "Number", "Obligation", "Mechanism", "Aspect", "Assigned to", "State")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@login_required
@require_safe
def calendar(request: SignedInRequest, code: str) -> HttpResponse:
    """Show a month of a project."""
    project = access_or_404(request.user, code).project
    first = _month(request.GET.get("month", ""), project.today)
    form = PlanningFilter(request.GET, project=project)
    given = {name: value for name, value in form.given.items() if name != "months"}
    rows = form.narrow(Occurrence.objects.filter(project=project))
    context = {
        "project": project,
        "today": project.today,
        "first": first,
        "weekdays": WEEKDAYS,
        "weeks": month_of(project, first, rows),
        "form": form,
        "previous": _address(first - relativedelta(months=1), given),
        "following": _address(first + relativedelta(months=1), given),
        "now": _address(None, given),
    }
    return render(request, "obligations/calendar.html", context)


@login_required
@require_safe
def look_ahead(request: SignedInRequest, code: str) -> HttpResponse:
    """List what is late and what falls due in the months to come."""
    project = access_or_404(request.user, code).project
    form = PlanningFilter(request.GET, project=project)
    rows = ahead(form.narrow(Occurrence.objects.filter(project=project)), project.today, form.span)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    late, months = by_week(page, project.today)
    context = {
        "project": project,
        "today": project.today,
        "form": form,
        "span": form.span,
        "page": page,
        "late": late,
        "months": months,
        "query": urlencode(form.given),
    }
    return render(request, "obligations/look_ahead.html", context)


@login_required
@require_safe
def look_ahead_csv(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """Give exactly what the look-ahead shows under the same address, over all its pages."""
    access = access_or_404(request.user, code)
    access.require("export.run")
    project = access.project
    form = PlanningFilter(request.GET, project=project)
    rows = ahead(form.narrow(Occurrence.objects.filter(project=project)), project.today, form.span)
    response = StreamingHttpResponse(
        _csv(rows.iterator(chunk_size=500), project), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="look-ahead-{project.code}.csv"'
    return response


@login_required
@require_safe
def my_work(request: SignedInRequest) -> HttpResponse:
    """Show what waits for the person in all of their projects."""
    projects = list(Project.objects.visible_to(request.user).select_related("organisation"))
    return render(request, "obligations/my_work.html", {"work": work_of(request.user, projects), "projects": projects})


@login_required
@require_safe
def project_work(request: SignedInRequest, code: str) -> HttpResponse:
    """Show what waits for the person in one project."""
    project = access_or_404(request.user, code).project
    return render(request, "obligations/my_work.html", {"project": project, "work": work_of(request.user, [project])})


class _Echo:
    """What the writer of CSV takes for a file: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[Occurrence], project: Project) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield str(writer.writerow(CSV_HEADER))
    for one in rows:
        cells = (
            one.due_date,
            one.nominal_date,
            one.period_start,
            one.period_end,
            one.obligation.code,
            one.obligation.title or one.obligation.requirement,
            one.obligation.mechanism,
            one.obligation.aspect,
            one.assigned_to,
            "Overdue" if one.is_overdue(project.today) else one.get_state_display(),
        )
        yield str(writer.writerow([mark(str(cell or ""), lambda _: False) for cell in cells]))


def _month(text: str, today: date) -> date:
    """Return the first day of the month that an address asks for; of this one if it asks for none."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    # The page before and the page after have to be months as well.
    return first if date(1900, 1, 1) <= first <= date(2900, 1, 1) else today.replace(day=1)


def _address(first: date | None, given: dict[str, str]) -> str:
    return "?" + urlencode(({"month": f"{first:%Y-%m}"} if first else {}) | given)
