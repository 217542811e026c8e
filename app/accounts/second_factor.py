"""Nobody gets past enrolment without a second factor, whatever they ask for and however they signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve

Handler = Callable[[HttpRequest], HttpResponse]

PASSED = "second_factor_passed"
# Of RFC 9457.
PROBLEM = "application/problem+json"
# Enrolment, the password that enrolment asks for again, and the way out.
OPEN = {"mfa_activate_totp", "account_reauthenticate", "account_logout", "healthz", "readyz"}
# These know people by a token in the address, not by the session. A calendar program has no second factor to show, and
# its feed gives titles and dates only; the other switches a kind of mail off and shows nothing of the register.
OPEN |= {"calendar_feed", "notice_off"}


def passed(request: HttpRequest) -> None:
    """Note in the session that its person has shown their second factor."""
    request.session[PASSED] = True


def second_factor_required(get_response: Handler) -> Handler:
    """Lead a session that has not passed the second step to it, or to enrolment, and nowhere else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not settings.REQUIRE_SECOND_FACTOR or not request.user.is_authenticated or request.session.get(PASSED):
            return get_response(request)
        if _name(request) in OPEN:
            return get_response(request)
        if not Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
            return _lead(
                request, "mfa_activate_totp", "Set up an authenticator app first: everything else waits for it."
            )
        # Enrolled, but this session never showed it, such as one from before the app was set up.
        logout(request)
        return _lead(request, settings.LOGIN_URL, "Sign in again, with your authenticator app.")

    return middleware


def _name(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _lead(request: HttpRequest, to: str, why: str) -> HttpResponse:
    """Answer in the way in which was asked: a page, a fragment or the API."""
    if request.path_info.startswith("/api/"):
        return JsonResponse(
            {"title": "Second factor required", "status": 403, "detail": why}, status=403, content_type=PROBLEM
        )
    messages.info(request, why)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(to)})
    return redirect(to)


@receiver(authenticator_added)
def _enrolled(request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    """Whoever sets up an app has just shown a code of it."""
    if authenticator.type == Authenticator.Type.TOTP:
        passed(request)


@receiver(authenticator_removed)
def _removed(request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        request.session.pop(PASSED, None)
