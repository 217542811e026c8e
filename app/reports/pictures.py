"""Figures in a page and by themselves: where they stand, as SVG, as PNG."""

from __future__ import annotations

from typing import Any

from accounts.http import SignedInRequest
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags, quote_etag

from reports.charts import THEMES, WIDTHS, Chart, unavailable
from reports.rendering import FigureUnavailable, picture_of

YEAR = 365 * 24 * 60 * 60
# How often a page looks by itself whether a picture is there: after two seconds, twice as long each time up to the
# longest wait, for five minutes. A small host with a full queue takes that long.
TRIES = 24
LONGEST_WAIT = 15


def tries_of(request: SignedInRequest) -> int:
    """Return how often the page has looked for a picture, as the address of the picture's place says."""
    tries = request.GET.get("tries", "")
    return min(int(tries), TRIES) if tries.isdecimal() else 0


def in_page(
    chart: Chart, *, figure: str, part: str, address: str = "", tries: int = 0, lazy: bool = False
) -> dict[str, Any]:
    """Return what the place of a figure shows, and how long it waits in seconds before it looks again.

    Args:
        chart: the figure.
        figure: the address of its SVG, without parameters.
        part: the address of its place in the page, without parameters.
        address: the filters that it is drawn under.
        tries: how often the page has looked.
        lazy: whether it is looked for only when somebody comes to its place.
    """
    return {
        "lazy": lazy,
        "chart": chart,
        "figure": figure,
        "part": part,
        "ready": all(drawing.is_kept for drawing in chart.drawings),
        "failed": any(drawing.failed for drawing in chart.drawings),
        "wait": min(2 ** (tries + 1), LONGEST_WAIT) if tries < TRIES else 0,
        "next": tries + 1,
        "version": chart.version,
        "address": f"{address}&" if address else "",
    }


def svg_response(request: SignedInRequest, chart: Chart) -> HttpResponse:
    """Answer with a figure as SVG; when it cannot be drawn, with one that says so.

    Raises:
        Http404: the address asks for a look that there is not.
    """
    theme, size = request.GET.get("theme", "light"), request.GET.get("size", "wide")
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


def png_response(chart: Chart, name: str) -> HttpResponse:
    """Give a figure to take away, for a report or a slide.

    Args:
        chart: the figure.
        name: of the file, without its ending.
    """
    try:
        png = picture_of(chart.drawing("light", "wide", "png"))
    except FigureUnavailable:
        words = "The picture could not be drawn now. The table holds the same numbers; try again in a minute."
        return HttpResponse(words, content_type="text/plain; charset=utf-8", status=503, headers={"Retry-After": "60"})
    headers = {"Content-Disposition": f'attachment; filename="{name}.png"', "Cache-Control": "private, no-cache"}
    return HttpResponse(png, content_type="image/png", headers=headers)
