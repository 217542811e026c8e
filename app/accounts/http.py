"""What a request is once its sender has signed in."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User
    htmx: HtmxDetails
