"""The calendars that a person subscribes to, and what a calendar program gets."""

from __future__ import annotations

from importlib import import_module

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.forms.changing import add_errors

from notifications.feed import state_of
from notifications.forms import FeedForm
from notifications.links import absolute
from notifications.models import CalendarFeed
from notifications.services import feed_create, feed_of, feed_revoke


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_feeds(request: SignedInRequest) -> HttpResponse:
    """List the person's calendars and make another one, whose address is shown this once."""
    form = FeedForm(request.POST if request.method == "POST" else None, user=request.user)
    address = ""
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            _, token = feed_create(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            address, status = absolute(reverse("calendar_feed", args=[token])), 201
            form = FeedForm(None, user=request.user)
    feeds = CalendarFeed.objects.filter(user=request.user).select_related("project")
    context = {"form": form, "feeds": feeds, "address": address}
    return render(request, "notifications/calendars.html", context, status=status)


@login_required
@require_POST
def calendar_feed_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let a calendar's address lead nowhere."""
    feeds = CalendarFeed.objects.select_related("project__organisation")
    feed = get_object_or_404(feeds, pk=pk, user=request.user)
    feed_revoke(actor=request.user, feed=feed)
    messages.success(request, f"The calendar {feed.name} gets nothing any more.")
    return redirect("calendar_feeds")


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar program with the dates that the token's person may see now (RFC 5545)."""
    feed = feed_of(token)
    if feed is None:
        raise Http404("No such calendar")
    state = state_of(feed)
    etag = quote_etag(state.digest)
    known = etag in parse_etags(request.headers.get("If-None-Match", ""))
    if known:
        response: HttpResponse = HttpResponseNotModified()
    else:
        # Loaded when a calendar is first asked for: it takes 10 MB.
        content = import_module("notifications.ical").as_ical(feed, state)
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="enssol.ics"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
