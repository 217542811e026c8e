"""What a person is told by mail, and the address by which a mail's reader wants no more of them."""

from __future__ import annotations

from accounts.http import SignedInRequest
from accounts.models import User
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from registers.forms.changing import add_errors

from notifications.forms import ChoicesForm
from notifications.links import read_off
from notifications.models import Choices
from notifications.services import choices_save, kind_switch_off


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_choices(request: SignedInRequest) -> HttpResponse:
    """Choose what one is told by mail."""
    choices = Choices.objects.filter(user=request.user).first() or Choices()
    form = ChoicesForm(request.POST if request.method == "POST" else None, choices=choices)
    if form.is_valid():
        try:
            choices_save(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "Your choices are saved.")
            return redirect("notice_choices")
    return render(request, "notifications/choices.html", {"form": form}, status=422 if form.is_bound else 200)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def notice_off(request: HttpRequest, token: str) -> HttpResponse:
    """Switch a kind of mail off for whoever the address was sent to; asking for the page alone changes nothing.

    Mail programs post here without a session (RFC 8058), so the signed address stands for it, and no CSRF token is
    asked for: who does not have the address cannot forge it.
    """
    who = read_off(token)
    person = User.objects.filter(pk=who[0], is_active=True).first() if who else None
    if who is None or person is None:
        raise Http404("No such address")
    if request.method == "POST":
        kind_switch_off(person=person, kind=who[1])
    context = {"kind": who[1].label, "is_off": request.method == "POST"}
    return render(request, "notifications/off.html", context)
