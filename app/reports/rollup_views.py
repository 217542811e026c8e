"""The projects of a person, and how all of them stand together."""

from __future__ import annotations

from typing import Any

from accounts.http import SignedInRequest
from accounts.roles import allowed
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from obligations.states import State
from registers.models import Project
from registers.querysets import roles_by_project

from reports.exporting import table_response
from reports.pictures import in_page, png_response, svg_response, tries_of
from reports.rendering import draw_ahead
from reports.rollup import RollUp
from reports.watching import Rate, rates, watches


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
    """Show how the projects stand that the person may see, or one organisation's: each, and all of them."""
    visible = list(Project.objects.visible_to(request.user).select_related("organisation"))
    organisations = {project.organisation.slug: project.organisation for project in visible}
    together = _roll_up(request, visible)
    pressing, judged = watches(together.projects), rates(together.projects)
    context: dict[str, Any] = {
        "organisations": list(organisations.values()) if len(organisations) > 1 else [],
        "organisation": together.organisation if len(organisations) > 1 else None,
        "projects": [(project, row, pressing[project.pk], judged[project.pk]) for project, row in together.rows],
    }
    if len(together.projects) > 1:
        draw_ahead(together.chart.drawings)
        context |= {
            "together": together,
            "columns": list(State),
            "picture": _picture(together),
            "watches": [
                (own[0].label, sum(watch.number for watch in own)) for own in zip(*pressing.values(), strict=True)
            ],
            "rate": Rate(sum(one.compliant for one in judged.values()), sum(one.judged for one in judged.values()), ""),
            "may_export": bool(_exportable(request, together)),
        }
    return render(request, "reports/projects.html", context)


@login_required
@require_safe
def roll_up_figure(request: SignedInRequest) -> HttpResponse:
    """Answer with the figure of all these projects as SVG."""
    return svg_response(request, _asked(request).chart)


@login_required
@require_safe
def roll_up_part(request: SignedInRequest) -> HttpResponse:
    """Answer with the place of the figure in the page: the picture, or again that it is being drawn."""
    together = _asked(request)
    draw_ahead(together.chart.drawings)
    return render(request, "reports/_figure.html", {"picture": _picture(together, tries_of(request))})


@login_required
@require_safe
def roll_up_png(request: SignedInRequest) -> HttpResponse:
    """Give the figure to take away."""
    return png_response(_asked(request).chart, "projects")


@login_required
@require_safe
def roll_up_csv(request: SignedInRequest) -> StreamingHttpResponse:
    """Give the table to take away, of the projects from which the person may export."""
    together = _asked(request)
    return table_response("projects", "csv", together.table(_exportable(request, together)))


def _asked(request: SignedInRequest) -> RollUp:
    return _roll_up(request, list(Project.objects.visible_to(request.user).select_related("organisation")))


def _roll_up(request: SignedInRequest, visible: list[Project]) -> RollUp:
    asked = request.GET.get("organisation", "")
    projects = [project for project in visible if project.organisation.slug == asked] or visible
    organisations = {project.organisation for project in projects}
    return RollUp(projects, request.GET, organisations.pop() if len(organisations) == 1 else None)


def _exportable(request: SignedInRequest, together: RollUp) -> list[Project]:
    roles = roles_by_project(request.user, together.projects)
    return [project for project in together.projects if allowed("export.run", roles[project.pk])]


def _picture(together: RollUp, tries: int = 0) -> dict[str, object]:
    figure, part = reverse("roll_up_figure"), reverse("roll_up_part")
    return in_page(together.chart, figure=figure, part=part, address=together.address, tries=tries)
