"""Who asks: a program with a token, or somebody who is signed in."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.models import Token
from api.tokens import token_of


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer enssol_…` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token_of(text.strip())
        if token is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked: make another one in your account.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Enssol"'


def token_in(request: Any) -> Token | None:
    """Return the token with which was asked; None for somebody who is signed in."""
    return request.auth if isinstance(request.auth, Token) else None
