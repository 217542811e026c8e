"""Where allauth asks for this project's rules."""

from __future__ import annotations

import base64
import hashlib

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest


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
        return str(request.META.get("REMOTE_ADDR") or "local")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keeps second-factor secrets unreadable in the database and its backups."""

    def encrypt(self, text: str) -> str:
        return self._cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self._cipher().decrypt(encrypted_text.encode()).decode()

    @staticmethod
    def _cipher() -> Fernet:
        digest = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"enssol-mfa").digest()
        return Fernet(base64.urlsafe_b64encode(digest))
