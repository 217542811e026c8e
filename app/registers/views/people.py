"""Who belongs to a project, asking somebody in, and taking the place."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from accounts.http import SignedInRequest
from accounts.models import Membership, User
from accounts.reauthentication import confirm_identity
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.forms.people import InvitationForm, JoinForm, MemberForm
from registers.models import Invitation, ProjectMembership
from registers.services.organisations import may_help
from registers.services.people import (
    invitation_accept,
    invitation_create,
    invitation_of,
    invitation_revoke,
    member_change,
    member_remove,
    roles_to_give,
)

logger = logging.getLogger(__name__)
MAIL = """\
{actor} asks you to join {where} on Enssol, as {role}.

{link}

The link works once, until {until}. If you did not expect it, do nothing.
"""
LEVELS = {"project": ProjectMembership, "organisation": Membership}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def people_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List a project's people with their roles, and ask others in."""
    access = access_or_404(request.user, code)
    here = roles_to_give(request.user, access.project)
    everywhere = roles_to_give(request.user, access.project, everywhere=True)
    form = InvitationForm(
        request.POST if request.method == "POST" else None, roles=everywhere or here, everywhere=bool(everywhere)
    )
    if form.is_bound and not here:
        access.require("member.manage")
    if form.is_valid():
        confirm_identity(request)
        if _invite(request, access, form):
            return redirect("people_list", code)
    project = access.project
    open_ = Invitation.objects.filter(organisation=project.organisation, accepted_at=None, revoked_at=None)
    invitations = open_.filter(project=project) | (open_.filter(project=None) if everywhere else open_.none())
    context = {
        "project": project,
        "members": project.memberships.select_related("user").order_by("user__name", "user__email"),
        "organisation_members": project.organisation.memberships.select_related("user").order_by("user__name"),
        "invitations": invitations if here else [],
        "may_manage": bool(here),
        "may_manage_organisation": bool(everywhere),
        "may_decide": access.may("organisation.manage"),
        "form": form,
    }
    return render(request, "people/list.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_edit(request: SignedInRequest, code: str, level: str, pk: int) -> HttpResponse:
    """Change a member's role and last day."""
    access, member = member_or_404(request, code, level, pk)
    roles = roles_to_give(request.user, access.project, everywhere=level == "organisation")
    form = MemberForm(request.POST if request.method == "POST" else None, member=member, roles=roles)
    if form.is_valid():
        confirm_identity(request)
        try:
            member_change(actor=request.user, project=access.project, member=member, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{member.user} is now {member.get_role_display()}.")
            return redirect("people_list", code)
    context = {
        "project": access.project,
        "member": member,
        "level": level,
        "form": form,
        "may_help": may_help(request.user, access.project, member),
    }
    return render(request, "people/member.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def member_delete(request: SignedInRequest, code: str, level: str, pk: int) -> HttpResponse:
    """Take a member's role away."""
    access, member = member_or_404(request, code, level, pk)
    confirm_identity(request)
    try:
        member_remove(actor=request.user, project=access.project, member=member)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("member_edit", code, level, pk)
    messages.success(request, f"{member.user} no longer belongs to {access.project}.")
    return redirect("people_list", code)


@login_required
@require_POST
def invitation_end(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Let an invitation's link work no longer."""
    access = access_or_404(request.user, code)
    invitation = _open_or_404(access, pk)
    invitation_revoke(actor=request.user, project=access.project, invitation=invitation)
    messages.success(request, f"The invitation of {invitation.email} no longer works.")
    return redirect("people_list", code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_join(request: HttpRequest, token: str) -> HttpResponse:
    """Take the place that an invitation offers; whoever has its link proves to read that address's mail."""
    invitation = invitation_of(token)
    if invitation is None:
        return render(request, "people/invitation_over.html", status=410)
    user = request.user if isinstance(request.user, User) else None
    known = User.objects.filter(email=invitation.email).exists()
    if known and user is None:
        messages.info(request, f"Sign in as {invitation.email}; the invitation waits.")
        return redirect(f"{reverse('account_login')}?next={request.path}")
    form = JoinForm(request.POST if request.method == "POST" and not user else None)
    other = user is not None and user.email != invitation.email
    if request.method == "POST" and not other and (user or form.is_valid()):
        try:
            invitation_accept(token=token, user=user, **({} if user else form.cleaned_data))
        except ValidationError as error:
            add_errors(form, error)
        else:
            where = invitation.project or invitation.organisation
            said = f"You now belong to {where}." if user else "Your account is ready: sign in with it."
            messages.success(request, said)
            return redirect("home" if user else "account_login")
    context = {"invitation": invitation, "form": form, "other": other}
    return render(request, "people/join.html", context, status=422 if request.method == "POST" else 200)


def _invite(request: SignedInRequest, access: Access, form: InvitationForm) -> bool:
    """Send an invitation, or say on the form why not."""
    values = form.cleaned_data
    try:
        invitation, token = invitation_create(
            actor=request.user,
            project=access.project,
            everywhere=values.get("everywhere", False),
            email=values["email"],
            role=values["role"],
            expires_on=values["expires_on"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    link = request.build_absolute_uri(reverse("invitation_join", args=[token]))
    where = invitation.project or invitation.organisation
    text = MAIL.format(
        actor=request.user,
        where=where,
        role=invitation.get_role_display(),
        link=link,
        until=f"{timezone.localtime(invitation.expires_at):%-d %B %Y, %H:%M}",
    )
    try:
        # One line, whatever a name holds.
        subject = " ".join(f"Enssol: {request.user} asks you to {where}".split())
        send_mail(subject, text, None, [invitation.email])
    except (OSError, SMTPException):
        logger.exception("An invitation could not be sent")
        messages.error(request, f"The mail to {invitation.email} could not be sent: try again, or tell your operator.")
        return True
    messages.success(request, f"{invitation.email} has a link that works once, for seven days.")
    return True


def member_or_404(
    request: SignedInRequest, code: str, level: str, pk: int
) -> tuple[Access, Membership | ProjectMembership]:
    """Return the person's access to the project, and a member of it, or of its organisation, whom they may change."""
    access = access_or_404(request.user, code)
    if level not in LEVELS:
        raise Http404("There is no such membership")
    everywhere = level == "organisation"
    if not roles_to_give(request.user, access.project, everywhere=everywhere):
        access.require("member.manage.organisation" if everywhere else "member.manage")
    member: Membership | ProjectMembership
    if everywhere:
        member = get_object_or_404(access.project.organisation.memberships.select_related("user"), pk=pk)
    else:
        member = get_object_or_404(access.project.memberships.select_related("user"), pk=pk)
    return access, member


def _open_or_404(access: Access, pk: int) -> Invitation:
    theirs = Invitation.objects.filter(organisation=access.project.organisation)
    here = theirs.filter(project=access.project) | theirs.filter(project=None)
    return get_object_or_404(here, pk=pk)
