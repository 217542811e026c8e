"""The register: a list that is narrowed, sorted and paged by its address."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from registers.access import Access, access_or_404

from obligations.listing import Listing

# Whose keys do what differs from one keyboard to the next: a browser keeps the choice.
KEYS = "enssol_shortcuts"
YEAR = 365 * 24 * 60 * 60
# What htmx swaps, by the element that it asks for.
FRAGMENTS = {"results": "obligations/_results.html", "register": "obligations/_register.html"}


@login_required
@require_safe
def register(request: SignedInRequest, code: str) -> HttpResponse:
    """Show a project's obligations, narrowed and sorted as the address says."""
    access = access_or_404(request.user, code)
    listing = listing_for(request, access)
    fragment = FRAGMENTS.get(request.htmx.target or "") if not request.htmx.history_restore_request else None
    context = {
        "project": access.project,
        "listing": listing,
        "stamp": listing.stamp,
        "may_import": access.may("import.run"),
        "may_add": access.may("obligation.add"),
        "may_change": access.may("obligation.change"),
        "may_bulk_edit": access.may("obligation.bulk_edit"),
        "may_export": access.may("export.run"),
        "may_share": access.may("view.share"),
        "shortcuts": request.COOKIES.get(KEYS) != "off",
        "fragment": fragment,
    }
    response = render(request, fragment or "obligations/register.html", context)
    if fragment:
        page = listing.page.number
        response.headers["HX-Push-Url"] = request.path + listing.url(page=page if page > 1 else "")
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


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


def listing_for(request: SignedInRequest, access: Access) -> Listing:
    """Return the register as the request's address asks for it."""
    return Listing(project=access.project, query=request.GET, user=request.user, on=access.project.today)
