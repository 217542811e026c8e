"""A person's sessions: where they are signed in, and how to end that."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.browsers import name_of
from accounts.http import SignedInRequest


@login_required
@require_safe
def sessions(request: SignedInRequest) -> HttpResponse:
    """List where the person is signed in, this session first."""
    current = request.session.session_key
    found = UserSession.objects.purge_and_list(request.user)
    found.sort(key=lambda one: (one.session_key != current, -one.created_at.timestamp()))
    rows = [(one, name_of(one.user_agent), one.session_key == current) for one in found]
    return render(request, "accounts/sessions.html", {"sessions": rows, "others": len(rows) > 1})


@login_required
@require_POST
def session_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Sign the person out in another place."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    session.end()
    messages.success(request, f"Signed out: {name_of(session.user_agent)} at {session.ip}.")
    return redirect("account_sessions")


@login_required
@require_POST
def sessions_end_others(request: SignedInRequest) -> HttpResponse:
    """Sign the person out everywhere but here."""
    others = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    for session in others:
        session.end()
    messages.success(request, "Signed out everywhere else.")
    return redirect("account_sessions")
