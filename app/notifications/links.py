"""Addresses that stand in mails; those for switching a kind of mail off need no sign-in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.models import Kind

SALT = "notifications.off"


def absolute(path: str) -> str:
    """Return a path of the site as an address that works from outside."""
    return f"{settings.SITE_URL}{path}"


def choices_link() -> str:
    """Return the address of the page on which people choose what they are told."""
    return absolute(reverse("notice_choices"))


def off_link(person: int, kind: str) -> str:
    """Return the address at which the person with that key switches off a kind of mail."""
    return absolute(reverse("notice_off", args=[signing.dumps([person, kind], salt=SALT)]))


def read_off(token: str) -> tuple[int, Kind] | None:
    """Return whom and what such an address is for; None if it is not one of ours."""
    try:
        person, kind = signing.loads(token, salt=SALT)
        return int(person), Kind(kind)
    except (signing.BadSignature, ValueError, TypeError):
        return None
