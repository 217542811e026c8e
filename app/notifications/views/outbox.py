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
from registers.access import access_or_404

from notifications.models import Notice
from notifications.outbox import notice_try_again, undelivered

A_PAGE = 50


@login_required
@require_safe
def mail_list(request: SignedInRequest, code: str) -> HttpResponse:
    """List what was given up and what waits after a failure, with the reason."""
    access = access_or_404(request.user, code)
    access.require("mail.manage")
    page = Paginator(undelivered(access.project), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/mail_list.html", {"project": access.project, "page": page})


@login_required
@require_POST
def mail_try_again(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Let a mail that was given up go out with the next ones."""
    access = access_or_404(request.user, code)
    access.require("mail.manage")
    notice = get_object_or_404(Notice.objects.select_related("project__organisation"), pk=pk, project=access.project)
    try:
        notice_try_again(actor=request.user, notice=notice)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"The mail to {notice.person} goes out with the next ones.")
    return redirect("mail_list", code)
