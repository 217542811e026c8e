"""The projects of a person, the dashboard of one, and its figures."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe
from obligations.models import Obligation
from obligations.states import State
from registers.access import access_or_404
from registers.models import Project

from reports.charts import due_forecast, unavailable
from reports.numbers import by_project, dashboard_numbers, next_due
from reports.rendering import FigureUnavailable, figure_svg

THEMES = ("light", "dark")
SIZES = ("wide", "narrow")
NEXT_DUE = 7


@login_required
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Lead to the dashboard of who has one project, and to the list of who has none or several."""
    projects = Project.objects.visible_to(request.user)[:2]
    if len(projects) == 1:
        return redirect("dashboard", projects[0].code)
    return redirect("project_list")


@login_required
@require_safe
def project_list(request: SignedInRequest) -> HttpResponse:
    """List the projects that the person may see, with how each stands."""
    projects = Project.objects.visible_to(request.user).select_related("organisation")
    return render(request, "reports/projects.html", {"projects": by_project(list(projects))})


@login_required
@require_safe
def dashboard(request: SignedInRequest, code: str) -> HttpResponse:
    """Show how a project stands today; every number leads to the list that it counts."""
    project = access_or_404(request.user, code).project
    obligations, today = Obligation.objects.filter(project=project), project.today
    numbers = dashboard_numbers(project)
    context = {
        "project": project,
        "today": today,
        "states": numbers.states,
        "mechanisms": numbers.mechanisms,
        "forecast": numbers.forecast,
        "chart": due_forecast(numbers.forecast),
        "next_due": [(obligation, obligation.state(today)) for obligation in next_due(obligations, NEXT_DUE)],
        "columns": list(State),
    }
    return render(request, "reports/dashboard.html", context)


@login_required
@require_safe
def figure(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Answer with a figure as SVG; when it cannot be drawn, with one that says so."""
    project = access_or_404(request.user, code).project
    theme, size = request.GET.get("theme", THEMES[0]), request.GET.get("size", SIZES[0])
    if name != "due-forecast" or theme not in THEMES or size not in SIZES:
        raise Http404("No such figure")
    chart = due_forecast(dashboard_numbers(project).forecast)
    try:
        svg, digest = figure_svg(name, {**chart, "theme": theme, "size": size})
    except FigureUnavailable:
        return HttpResponse(unavailable(theme, size), content_type="image/svg+xml", status=503)
    etag = quote_etag(digest)
    known = etag in parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponseNotModified() if known else HttpResponse(svg, content_type="image/svg+xml")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
