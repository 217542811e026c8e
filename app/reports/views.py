"""The projects of a person, the dashboard of one, and its figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import parse_etags, quote_etag
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from obligations.counting import counted, stamp_of
from obligations.models import Obligation
from obligations.states import State
from registers.access import access_or_404
from registers.models import Project

from reports.charts import THEMES, WIDTHS, Chart, charts_of, unavailable
from reports.exporting import table_response
from reports.numbers import Numbers, Row, by_project, dashboard_numbers, next_due
from reports.rendering import FigureUnavailable, draw_ahead, picture_of
from reports.scope import ClosingForm, Scope, SpanForm
from reports.trends import PANELS, Panel, panel
from reports.watching import Rate, Watch, rates, watches

NEXT_DUE = 7
YEAR = 365 * 24 * 60 * 60
PAGE_SIZE = 100
# How often a page looks by itself whether a picture is there: after two seconds, twice as long each time up to the
# longest wait, for five minutes. A small host with a full queue takes that long.
TRIES = 24
LONGEST_WAIT = 15


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
    """List the projects that the person may see, or one organisation's, with how each and all of them stand."""
    visible = list(Project.objects.visible_to(request.user).select_related("organisation"))
    organisations = {project.organisation.slug: project.organisation for project in visible}
    organisation = organisations.get(request.GET.get("organisation", ""))
    projects = [project for project in visible if organisation in (None, project.organisation)]
    pressing, judged, states = watches(projects), rates(projects), by_project(projects)
    context = {
        "organisations": list(organisations.values()) if len(organisations) > 1 else [],
        "organisation": organisation,
        "projects": [(project, row, pressing[project.pk], judged[project.pk]) for project, row in states],
        "together": _together(states, pressing, judged) if len(projects) > 1 else None,
    }
    return render(request, "reports/projects.html", context)


def _together(
    states: list[tuple[Project, Row]], pressing: dict[int, list[Watch]], judged: dict[int, Rate]
) -> dict[str, Any]:
    """Return what the numbers of several projects come to."""
    return {
        "states": [(state, sum(row.cells[place].number for _, row in states)) for place, state in enumerate(State)],
        "watches": [(own[0].label, sum(watch.number for watch in own)) for own in zip(*pressing.values(), strict=True)],
        "rate": Rate(sum(rate.compliant for rate in judged.values()), sum(rate.judged for rate in judged.values()), ""),
    }


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
    pictures = {chart.name.replace("-", "_"): _picture(chart, 0) for chart in charts.values()}
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
        "panels": [(each, _picture(each.chart, 0, scope.address, lazy=True)) for each in panels],
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
    theme, size = request.GET.get("theme", "light"), request.GET.get("size", "wide")
    chart = _chart_or_404(request, code, name)[0]
    if theme not in THEMES or size not in WIDTHS:
        raise Http404("No such figure")
    drawing = chart.drawing(theme, size)
    try:
        svg = picture_of(drawing)
    except FigureUnavailable:
        return HttpResponse(unavailable(theme, size), content_type="image/svg+xml", status=503)
    etag = quote_etag(drawing.digest)
    known = etag in parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponseNotModified() if known else HttpResponse(svg, content_type="image/svg+xml")
    response.headers["ETag"] = etag
    now = request.GET.get("v") == chart.version
    response.headers["Cache-Control"] = f"private, {f'max-age={YEAR}, immutable' if now else 'no-cache'}"
    return response


@login_required
@require_safe
def figure_part(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Answer with the place of a figure in the page: the picture, or again that it is being drawn."""
    chart, address = _chart_or_404(request, code, name)
    # Again: whoever drew it may have been stopped, or have had too much to do to take it.
    draw_ahead(chart.drawings)
    tries = request.GET.get("tries", "")
    picture = _picture(chart, min(int(tries), TRIES) if tries.isdecimal() else 0, address)
    return render(request, "reports/_figure.html", {"project": {"code": code}, "picture": picture})


@login_required
@require_safe
def figure_png(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Give a figure to take away, for a report or a slide."""
    chart = _chart_or_404(request, code, name)[0]
    try:
        png = picture_of(chart.drawing("light", "wide", "png"))
    except FigureUnavailable:
        words = "The picture could not be drawn now. The table holds the same numbers; try again in a minute."
        return HttpResponse(words, content_type="text/plain; charset=utf-8", status=503, headers={"Retry-After": "60"})
    headers = {"Content-Disposition": f'attachment; filename="{code}-{name}.png"', "Cache-Control": "private, no-cache"}
    return HttpResponse(png, content_type="image/png", headers=headers)


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


def _picture(chart: Chart, tries: int, address: str = "", *, lazy: bool = False) -> dict[str, Any]:
    """Return what the place of a figure shows, and how long it waits in seconds before it looks again.

    Args:
        chart: the figure.
        tries: how often the page has looked.
        address: the filters that it is drawn under.
        lazy: whether it is looked for only when somebody comes to its place.
    """
    return {
        "lazy": lazy,
        "chart": chart,
        "ready": all(drawing.is_kept for drawing in chart.drawings),
        "failed": any(drawing.failed for drawing in chart.drawings),
        "wait": min(2 ** (tries + 1), LONGEST_WAIT) if tries < TRIES else 0,
        "next": tries + 1,
        "version": chart.version,
        "address": f"{address}&" if address else "",
    }


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
