"""Asking once more who it is, before what would hand an account or an organisation to whoever found the desk empty."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import allauth
from allauth.account.internal.flows import reauthentication
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
# allauth 65 counts the second asking only, 0.63.6 the signing in as well.
_recently: Callable[[HttpRequest], bool] = (
    reauthentication.did_recently_reauthenticate
    if allauth.VERSION[0] >= 65
    else reauthentication.did_recently_authenticate
)


def confirm_identity(request: HttpRequest) -> None:
    """Go on only if the person gave their password or a code within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds.

    Otherwise allauth's middleware keeps what was sent, asks for it, and then calls the view again with what was sent.
    Call it once the person is known to be permitted, and let the page's forms name their address.

    Raises:
        ReauthenticationRequired: it is longer ago.
    """
    if not _recently(request):
        raise ReauthenticationRequired


def confirmed(view: View) -> View:
    """Let a view act only for somebody who has just confirmed who they are; looking is free."""

    @login_required
    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            confirm_identity(request)
        return view(request, *args, **kwargs)

    return asking
