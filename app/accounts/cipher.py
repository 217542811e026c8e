"""Encryption of secrets that the database has to keep, with keys that can be exchanged while the site runs."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """Return the text unreadable, under the newest key."""
    return _cipher().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return what was encrypted under any of the keys.

    Raises:
        InvalidToken: none of the keys fits.
    """
    return _cipher().decrypt(token.encode()).decode()


def renewed(token: str) -> str:
    """Return the token under the newest key, and the token itself if it is so already."""
    try:
        _cipher(newest_only=True).decrypt(token.encode())
    except InvalidToken:
        return _cipher().rotate(token.encode()).decode()
    return token


def _cipher(*, newest_only: bool = False) -> MultiFernet:
    """Return the cipher of ENCRYPTION_KEYS, newest first; without any, of Django's own secret."""
    secrets: list[str] = settings.ENCRYPTION_KEYS or [settings.SECRET_KEY]
    return MultiFernet([_key(secret) for secret in secrets[: 1 if newest_only else None]])


def _key(secret: str) -> Fernet:
    digest = hashlib.blake2b(secret.encode(), digest_size=32, person=b"enssol-mfa").digest()
    return Fernet(base64.urlsafe_b64encode(digest))
