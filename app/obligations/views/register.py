"""The register: a list that is narrowed, sorted and paged by its address."""

from __future__ import annotations

from typing import Any

from accounts.http import SignedInRequest
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from registers.access import Access, access_or_404

from obligations.counting import stamp_of
from obligations.kept import kept_part
from obligations.listing import Listing

# Whose keys do what differs from one keyboard to the next: a browser keeps the choice.
KEYS = "enssol_shortcuts"
YEAR = 365 * 24 * 60 * 60
# What htmx swaps, by the element that it asks for.
PAGE = "obligations/_register.html"
FRAGMENTS = {"results": "obligations/_results.html", "register": PAGE}


@login_required
@require_safe
def register(request: SignedInRequest, code: str) -> HttpResponse:
    """Show a project's obligations, narrowed and sorted as the address says."""
    access = access_or_404(request.user, code)
    stamp = stamp_of(access.project)
    fragment = FRAGMENTS.get(request.htmx.target or "") if not request.htmx.history_restore_request else None
    shortcuts = request.COOKIES.get(KEYS) != "off"
    part = kept_part(
        request,
        access,
        fragment or PAGE,
        stamp=stamp,
        make=lambda: _listed(request, access, stamp, fragment, shortcuts=shortcuts),
        choice=shortcuts,
    )
    if fragment:
        response = HttpResponse(part.html)
        response.headers["HX-Push-Url"] = request.path + part.about
    else:
        context = {"project": access.project, "stamp": stamp, "shortcuts": shortcuts, "listed": part.html}
        response = render(request, "obligations/register.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _listed(
    request: SignedInRequest, access: Access, stamp: str, fragment: str | None, *, shortcuts: bool
) -> tuple[dict[str, Any], str]:
    """Return what the list says, and its address."""
    listing = listing_for(request, access, stamp)
    page = listing.page.number
    context = {
        "project": access.project,
        "listing": listing,
        "may_import": access.may("import.run"),
        "may_add": access.may("obligation.add"),
        "may_change": access.may("obligation.change"),
        "may_bulk_edit": access.may("obligation.bulk_edit"),
        "may_export": access.may("export.run"),
        "may_share": access.may("view.share"),
        "shortcuts": shortcuts,
        "fragment": fragment,
    }
    return context, listing.url(page=page if page > 1 else "")


@login_required
@require_POST
def register_keys(request: SignedInRequest, code: str) -> HttpResponse:
    """Switch the keyboard shortcuts of this browser on or off."""
    access_or_404(request.user, code)
    back = request.POST.get("back", "")
    allowed = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if allowed else resolve_url("register", code))
    wanted = "off" if request.POST.get("shortcuts") == "off" else "on"
    response.set_cookie(
        KEYS, wanted, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response


def listing_for(request: SignedInRequest, access: Access, stamp: str | None = None) -> Listing:
    """Return the register as the request's address asks for it, in the state that the stamp names if it is known."""
    return Listing(project=access.project, query=request.GET, user=request.user, on=access.project.today, stamp=stamp)
