"""Sign-in by email address and password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's backend, taking as long for an address that nobody has as for one that somebody has.

    allauth 0.63.6 hashes nothing for an unknown address, so that the answer's time tells who has an account.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        address = credentials.get("email") or credentials.get("username")
        if user is None and not User.objects.filter(email__iexact=address or "").exists():
            make_password(credentials.get("password"))
        return user
