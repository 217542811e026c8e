"""A session that has just confirmed who it is, for tests of what comes after."""

from __future__ import annotations

import time

from django.test import Client


def confirm_identity_of(client: Client) -> Client:
    """Let the client's person have given their password a moment ago."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    # Of which person, allauth 65 wants to know.
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client
