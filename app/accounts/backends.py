"""Sign-in by email address and password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth 0.63.6's backend, hashing a password once whoever asks, so that time does not tell who has an account.

    On its own it hashes nothing for an address that nobody has, and Django 4.1 nothing for a person who has not set a
    password yet. Their later releases hash by themselves and need no help.
    """

    _hashed = False

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if not self._hashed:
            make_password(credentials.get("password"))
        return user

    def _check_password(self, user: User, password: str) -> bool:
        self._hashed |= user.has_usable_password()
        return bool(super()._check_password(user, password))
