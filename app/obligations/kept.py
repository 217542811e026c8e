"""Parts of pages that are made once for each state of the register and each person, not each time that they look.

Most of what a page costs is the same work as a minute ago: a list is opened again, or gone back to. What it showed
holds until something in the organisation changes or a day ends (see `counting`), for the person, the roles that they
hold now and the address. Whether somebody may see the page is never kept.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from django.core.cache import caches
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from registers.access import Access


class Part(NamedTuple):
    """A part of a page, and what the page around it says of it."""

    html: SafeString
    about: str


def kept_part(
    request: SignedInRequest,
    access: Access,
    template: str,
    *,
    stamp: str,
    make: Callable[[], tuple[dict[str, Any], str]],
    choice: object = None,
) -> Part:
    """Return a part of a page as it was made for this person in this state of the register; make it if it was not yet.

    Args:
        request: its address and person name what is asked for.
        access: the person's, asked for anew.
        template: of the part.
        stamp: the register's, from `counting.stamp_of`.
        make: returns the template's context and what the page around says of the part. What they depend on is in the
            address, the organisation's data, the day or the person.
        choice: what else it depends on, such as a choice that a browser keeps.
    """
    pages = caches["pages"]
    who = (request.user.pk, sorted(access.roles))
    asked = (template, request.get_full_path(), choice, access.project.today, stamp, who)
    key = "part-" + hashlib.sha256(repr(asked).encode()).hexdigest()
    kept: tuple[str, bytes, str] | None = pages.get(key)
    if kept is None:
        # The token of a form differs from answer to answer. What stands for it nobody can guess and write into a text.
        place = secrets.token_hex(16)
        context, about = make()
        made = render_to_string(template, {**context, "csrf_token": place}, request)
        kept = place, zlib.compress(made.encode(), 1), about
        pages.set(key, kept)
    place, packed, about = kept
    html = zlib.decompress(packed).decode().replace(place, get_token(request))
    return Part(mark_safe(html), about)  # noqa: S308 - a template's own output
