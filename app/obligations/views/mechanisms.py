"""The pages of mechanisms."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.forms.mechanisms import MechanismForm
from registers.models import Mechanism
from registers.services.changing import StaleRow
from registers.services.mechanisms import mechanism_add as add

from obligations.mechanism_tree import lines, tallies, tree
from obligations.services.mechanisms import mechanism_change

IN_FORCE = (Mechanism.Status.ACTIVE, Mechanism.Status.SUSPENDED, Mechanism.Status.DRAFT)


@login_required
@require_safe
def mechanism_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show a project's mechanisms, plans below the approvals that require them."""
    access = access_or_404(request.user, code)
    everything = lines(access.project, access.project.today)
    lists = {
        "": [line for line in everything if line.mechanism.status in IN_FORCE],
        "expiring": [line for line in everything if line.expiry],
        "ended": [line for line in everything if line.mechanism.status not in IN_FORCE],
    }
    shown = request.GET.get("show", "")
    context = {
        "project": access.project,
        "today": access.project.today,
        "shown": shown if shown in lists else "",
        "lines": lists.get(shown, lists[""]),
        "tabs": [(key, label, len(lists[key])) for key, label in _TABS],
        "may_add": access.may("mechanism.add"),
    }
    return render(request, "mechanisms/list.html", context)


_TABS = (("", "In force"), ("expiring", "Expiring in 12 months"), ("ended", "Ended"))


@login_required
@require_safe
def mechanism_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show a mechanism with its conditions and what is due under each."""
    access, mechanism = mechanism_or_404(request, code, pk)
    today = access.project.today
    counts = mechanism.obligations.state_counts(today)
    context = {
        "project": access.project,
        "today": today,
        "mechanism": mechanism,
        "expiry": mechanism.expiry(today),
        "tallies": tallies(counts),
        "total": sum(counts.values()),
        "tree": tree(mechanism, today, request.GET.get("page", "1")),
        "plans": mechanism.plans.order_by("reference"),
        "versions": list(mechanism.versions.select_related("document", "published_by")),
        "may_change": access.may("mechanism.change"),
        "may_publish": access.may("mechanism.publish"),
        "may_add_obligation": access.may("obligation.add"),
    }
    return render(request, "mechanisms/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mechanism_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Add a mechanism to a project."""
    access = access_or_404(request.user, code)
    access.require("mechanism.add")
    data = request.POST if request.method == "POST" else None
    form = MechanismForm(data, project=access.project, mechanism=None, status=True)
    if form.is_valid():
        try:
            mechanism = add(actor=request.user, project=access.project, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{mechanism} is added. Now add its conditions.")
            return redirect("mechanism_detail", code, mechanism.pk)
    return _form(request, access, form, None, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mechanism_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change a mechanism; the dates of its obligations follow."""
    access, mechanism = mechanism_or_404(request, code, pk)
    access.require("mechanism.change")
    data = request.POST if request.method == "POST" else None
    form = MechanismForm(data, project=access.project, mechanism=mechanism, status=access.may("mechanism.publish"))
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            moves = mechanism_change(actor=request.user, mechanism=mechanism, changes=form.changes, opened=form.opened)
        except ValidationError as error:
            add_errors(form, error)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        else:
            messages.success(request, f"{mechanism} is saved. {moves}")
            return redirect("mechanism_detail", code, mechanism.pk)
    return _form(request, access, form, mechanism, status=status)


def mechanism_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Mechanism]:
    """Return the person's access to the project, and its mechanism with that key.

    Raises:
        Http404: there is none, or the person may not know that there is.
    """
    access = access_or_404(request.user, code)
    mechanisms = Mechanism.objects.filter(project=access.project).select_related("project__organisation", "parent")
    return access, get_object_or_404(mechanisms, pk=pk)


def _form(
    request: SignedInRequest, access: Access, form: MechanismForm, mechanism: Mechanism | None, *, status: int
) -> HttpResponse:
    context = {"project": access.project, "form": form, "mechanism": mechanism}
    return render(request, "mechanisms/form.html", context, status=status)
