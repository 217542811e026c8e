"""An authenticator app for tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time


def totp_code(secret: str) -> str:
    """Return what the app shows now for a base32 secret (RFC 6238)."""
    counter = int(time.time()) // 30
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
