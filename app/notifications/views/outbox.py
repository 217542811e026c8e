"""Mails that could not be delivered, for who looks after a project's organisation."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from registers.access import Access, access_or_404

from notifications.models import Notice
from notifications.outbox import notices_try_again, undelivered

A_PAGE = 50


@login_required
@require_safe
def mail_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List what was given up and what waits after a failure, with the reason."""
    access = access_or_404(request.user, code)
    access.require("mail.manage")
    rows = undelivered(access.project)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    given_up = rows.filter(state=Notice.State.DEAD).count()
    context = {"project": access.project, "page": page, "given_up": given_up}
    return render(request, "notifications/mail_list.html", context)


@login_required
@require_POST
def mail_try_again(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Let a mail that was given up go out with the next ones."""
    access = access_or_404(request.user, code)
    access.require("mail.manage")
    notice = get_object_or_404(Notice.objects.select_related("person"), pk=pk, project=access.project)
    return _try_again(request, access, notice)


@login_required
@require_POST
def mail_try_all_again(request: SignedInRequest, code: str) -> HttpResponse:
    """Let all mails that were given up go out with the next ones."""
    access = access_or_404(request.user, code)
    access.require("mail.manage")
    return _try_again(request, access, None)


def _try_again(request: SignedInRequest, access: Access, notice: Notice | None) -> HttpResponse:
    try:
        number = notices_try_again(
            actor=request.user, project=access.project, notice=None if notice is None else notice.pk
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        what = f"{number} mails go" if notice is None else f"The mail to {notice.person} goes"
        messages.success(request, f"{what} out with the next ones.")
    return redirect("mail_list", access.project.code)
