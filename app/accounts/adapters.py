"""Where allauth asks for this project's rules."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from accounts import cipher
from accounts.limits import Attempt
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by invitation; rate limits count the address that our own proxies saw."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the outermost trusted proxy saw.

        Each proxy appends the peer it saw to X-Forwarded-For, so only the last TRUSTED_PROXIES entries are true; what
        stands left of them is whatever the client sent.
        """
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        proxies: int = settings.TRUSTED_PROXIES
        if proxies and len(forwarded) >= proxies:
            return forwarded[-proxies]
        # Whoever asks over a local socket has no address.
        return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a password, unless too many failed of late for this account or from this address.

        Raises:
            ValidationError: they did.
        """
        account = str(credentials.get("email", ""))
        attempt = Attempt("password", account=account, address=self.get_client_ip(request))
        if not attempt.allowed():
            raise self.validation_error("too_many_login_attempts")
        user: User | None = super().authenticate(request, **credentials)
        if user:
            attempt.succeeded()
        return user


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keeps second-factor secrets unreadable in the database and its backups."""

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(encrypted_text)
