"""What every answer carries, and what an htmx request gets instead of a redirect to the sign-in page."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from audit.models import Channel
from audit.origin import changes_from
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.views.defaults import page_not_found

Handler = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Pico draws its select and checkbox marks from data: images.
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def security_headers(get_response: Handler) -> Handler:
    """Set the content security policy, and keep answers out of shared caches unless a view says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def origin_of_changes(get_response: Handler) -> Handler:
    """Let what a request changes be recorded as come from the web, and from the client's address."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with changes_from(Channel.WEB, get_adapter().get_client_ip(request)):
            return get_response(request)

    return middleware


def htmx_login_redirect(get_response: Handler) -> Handler:
    """Turn a redirect to the sign-in page into a page change: swapped into a table it would be nonsense."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        location = response.headers.get("Location", "")
        if request.headers.get("HX-Request") and location.startswith(resolve_url(settings.LOGIN_URL)):
            response = HttpResponse(status=204)
            response.headers["HX-Redirect"] = location
        return response

    return middleware


class NumbersBeyondTheDatabase:
    """Answer 404 to an address or a form with a number that the database cannot hold: it names nothing.

    Later Djangos find that out for themselves; 4.1 lets SQLite's OverflowError through.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page_not_found(request, exception) if isinstance(exception, OverflowError) else None
