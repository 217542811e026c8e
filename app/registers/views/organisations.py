"""What an administrator decides for an organisation, what each role may do there, and help for who cannot get in."""

from __future__ import annotations

from accounts.http import SignedInRequest
from accounts.permissions import table
from accounts.reauthentication import confirm_identity
from accounts.roles import Role
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registers.access import access_or_404
from registers.forms.people import OrganisationForm
from registers.services import organisations as service
from registers.views.people import member_or_404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Say what holds in the whole organisation."""
    access = access_or_404(request.user, code)
    access.require("organisation.manage")
    organisation = access.project.organisation
    form = OrganisationForm(
        request.POST if request.method == "POST" else None, initial={"four_eyes": organisation.four_eyes}
    )
    if form.is_valid():
        confirm_identity(request)
        wanted = form.cleaned_data["four_eyes"]
        service.four_eyes_set(actor=request.user, organisation=organisation, wanted=wanted)
        said = "Two people sign from now on." if wanted else "One person may submit and close."
        messages.success(request, said)
        return redirect("organisation_edit", code)
    return render(request, "people/organisation.html", {"project": access.project, "form": form})


@login_required
@require_safe
def role_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show what each role may do."""
    access = access_or_404(request.user, code)
    own = [role.label for role in Role if role in access.roles]
    context = {"project": access.project, "table": table(), "roles": Role.labels, "own_roles": own}
    return render(request, "people/roles.html", context)


@login_required
@require_POST
def member_sign_out(request: SignedInRequest, code: str, level: str, pk: int) -> HttpResponse:
    """Sign a colleague out everywhere."""
    access, member = member_or_404(request, code, level, pk)
    if not service.may_help(request.user, access.project, member):
        raise PermissionDenied
    confirm_identity(request)
    try:
        number = service.member_sign_out(actor=request.user, project=access.project, member=member)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{member.user} is signed out: {number} session{'s' * (number != 1)} ended.")
    return redirect("member_edit", code, level, pk)


@login_required
@require_POST
def member_second_factor_reset(request: SignedInRequest, code: str, level: str, pk: int) -> HttpResponse:
    """Take the second factor of a colleague who lost it."""
    access, member = member_or_404(request, code, level, pk)
    if not service.may_help(request.user, access.project, member):
        raise PermissionDenied
    confirm_identity(request)
    try:
        service.member_second_factor_reset(actor=request.user, project=access.project, member=member)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{member.user} sets up an authenticator app when they sign in next.")
    return redirect("member_edit", code, level, pk)
