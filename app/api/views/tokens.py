"""The pages where people make and revoke tokens, their own and, for who manages members, everybody's."""

from __future__ import annotations

from accounts.http import SignedInRequest
from accounts.reauthentication import confirmed
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import access_or_404
from registers.forms.changing import add_errors

from api.forms import TokenForm
from api.models import Token
from api.tokens import token_create, token_revoke, tokens_in


@login_required
@require_safe
def token_list(request: SignedInRequest) -> HttpResponse:
    """List the person's tokens."""
    tokens = Token.objects.filter(user=request.user, revoked_at=None).select_related("project")
    return render(request, "api/tokens.html", {"tokens": tokens})


@never_cache
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def token_add(request: SignedInRequest) -> HttpResponse:
    """Make a token, which is shown this once."""
    form = TokenForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            token, text = token_create(actor=request.user, **form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return render(request, "api/token_made.html", {"token": token, "text": text}, status=201)
    return render(request, "api/token_form.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def token_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Revoke one of the person's tokens."""
    token = get_object_or_404(Token.objects.select_related("user", "project__organisation"), pk=pk, user=request.user)
    token_revoke(actor=request.user, token=token)
    messages.success(request, f"{token} opens nothing any more.")
    return redirect("token_list")


@login_required
@require_safe
def project_tokens(request: SignedInRequest, code: str) -> HttpResponse:
    """List the tokens that open a project, of everybody."""
    access = access_or_404(request.user, code)
    access.require("member.manage.organisation")
    context = {"project": access.project, "tokens": tokens_in(access.project)}
    return render(request, "api/project_tokens.html", context)


@login_required
@require_POST
def project_token_end(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Revoke a token of anybody that opens the project."""
    access = access_or_404(request.user, code)
    access.require("member.manage.organisation")
    token = next((one for one in tokens_in(access.project) if one.pk == pk), None)
    token = token or get_object_or_404(Token.objects.none())
    token_revoke(actor=request.user, token=token)
    messages.success(request, f"{token}, of {token.user}, opens nothing any more.")
    return redirect("project_tokens", code)
