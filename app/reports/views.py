"""The dashboard of a project, its trends and its figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from obligations.counting import counted, stamp_of
from obligations.models import Obligation
from obligations.states import State
from registers.access import access_or_404
from registers.models import Project

from reports.charts import Chart, charts_of
from reports.exporting import table_response
from reports.numbers import Numbers, Row, dashboard_numbers, next_due
from reports.pictures import in_page, png_response, svg_response, tries_of
from reports.rendering import draw_ahead
from reports.scope import ClosingForm, Scope, SpanForm
from reports.trends import PANELS, Panel, panel

NEXT_DUE = 7
PAGE_SIZE = 100


@login_required
@require_safe
def dashboard(request: SignedInRequest, code: str) -> HttpResponse:
    """Show how a project stands today; every number leads to the list that it counts."""
    project = access_or_404(request.user, code).project
    stamp = stamp_of(project)
    body = counted(
        "dashboard page",
        stamp=stamp,
        on=project.today,
        count=lambda: _dashboard_body(project, stamp),
        final=lambda body: body.is_whole,
    )
    return render(request, "reports/dashboard.html", {"project": project, "stamp": stamp, "body": body.html})


class Body(NamedTuple):
    """What a dashboard says to everybody who may see it, and whether all of its pictures are drawn."""

    html: SafeString
    is_whole: bool


def _dashboard_body(project: Project, stamp: str) -> Body:
    obligations, today = Obligation.objects.filter(project=project), project.today
    numbers = dashboard_numbers(project, stamp)
    charts = charts_of(numbers)
    draw_ahead(drawing for chart in charts.values() for drawing in chart.drawings)
    pictures = {chart.name.replace("-", "_"): _picture(project.code, chart) for chart in charts.values()}
    context = {
        "project": project,
        "today": today,
        "states": numbers.states,
        "mechanisms": numbers.mechanisms,
        "forecast": numbers.forecast,
        "ages": numbers.ages,
        "watches": numbers.watches,
        "rate": numbers.rate,
        "breakdowns": _breakdowns(numbers),
        "pictures": pictures,
        "next_due": [(obligation, obligation.state(today)) for obligation in next_due(obligations, NEXT_DUE)],
        "columns": list(State),
    }
    html = render_to_string("reports/_dashboard.html", context)
    return Body(html, all(picture["ready"] for picture in pictures.values()))


@login_required
@require_safe
def trends(request: SignedInRequest, code: str) -> HttpResponse:
    """Show all figures of a register, or of the part that the address asks for, each with its table."""
    project = access_or_404(request.user, code).project
    scope = Scope(project, request.GET, request.user)
    panels = [panel(scope, name) for name in PANELS]
    # The others are drawn when somebody comes to them.
    draw_ahead(panels[0].chart.drawings)
    context = {
        "project": project,
        "today": project.today,
        "form": scope.form,
        "spans": SpanForm(request.GET),
        "chips": scope.form.chips(),
        "address": scope.address,
        "panels": [(each, _picture(code, each.chart, address=scope.address, lazy=True)) for each in panels],
    }
    return render(request, "reports/trends.html", context)


@login_required
@require_safe
def closing_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List what was done, and whether it was on time."""
    project = access_or_404(request.user, code).project
    scope = Scope(project, request.GET, request.user)
    rows = scope.closings().for_table().order_by("-completed_on", "obligation__sort_key", "pk")
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "project": project,
        "form": scope.form,
        "asked": ClosingForm(request.GET),
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
    }
    return render(request, "reports/closings.html", context)


@login_required
@require_safe
def figure(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Answer with a figure as SVG; when it cannot be drawn, with one that says so."""
    return svg_response(request, _chart_or_404(request, code, name)[0])


@login_required
@require_safe
def figure_part(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Answer with the place of a figure in the page: the picture, or again that it is being drawn."""
    chart, address = _chart_or_404(request, code, name)
    # Again: whoever drew it may have been stopped, or have had too much to do to take it.
    draw_ahead(chart.drawings)
    picture = _picture(code, chart, tries_of(request), address)
    return render(request, "reports/_figure.html", {"picture": picture})


@login_required
@require_safe
def figure_png(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Give a figure to take away, for a report or a slide."""
    return png_response(_chart_or_404(request, code, name)[0], f"{code}-{name}")


@login_required
@require_safe
def figure_csv(request: SignedInRequest, code: str, name: str) -> StreamingHttpResponse:
    """Give the table of a figure to take away."""
    access = access_or_404(request.user, code)
    access.require("export.run")
    rows = _panel_or_404(Scope(access.project, request.GET, request.user), name).rows
    return table_response(f"{code}-{name}", "csv", rows)


class Breakdown(NamedTuple):
    """A table beside a figure: its heading, what its rows are called, the rows and the figure's name."""

    title: str
    heading: str
    rows: list[Row]
    picture: str


def _breakdowns(numbers: Numbers) -> list[Breakdown]:
    return [
        Breakdown("By aspect", "Aspect", numbers.aspects, "by_aspect"),
        Breakdown("By phase", "Phase", numbers.phases, "by_phase"),
    ]


def _picture(code: str, chart: Chart, tries: int = 0, address: str = "", *, lazy: bool = False) -> dict[str, Any]:
    figure, part = (reverse(view, args=[code, chart.name]) for view in ("figure", "figure_part"))
    return in_page(chart, figure=figure, part=part, address=address, tries=tries, lazy=lazy)


def _chart_or_404(request: SignedInRequest, code: str, name: str) -> tuple[Chart, str]:
    """Return a figure and the filters under which it is drawn, as they stand in an address."""
    project = access_or_404(request.user, code).project
    scope = Scope(project, request.GET, request.user)
    if scope.is_whole and (chart := charts_of(dashboard_numbers(project)).get(name)):
        return chart, ""
    return _panel_or_404(scope, name).chart, scope.address


def _panel_or_404(scope: Scope, name: str) -> Panel:
    if name not in PANELS:
        raise Http404("No such figure")
    return panel(scope, name)
