"""Keeping the filters of a register under a name."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from registers.access import Access, access_or_404

from obligations.listing import Listing
from obligations.models import SavedView
from obligations.services.saved_views import saved_view_add, saved_view_change, saved_view_delete

# Deleted views of this session, by key, so that they can be brought back.
DELETED = "deleted_views"


class SavedViewForm(forms.Form):
    """A view's name, and whether others see it."""

    name = forms.CharField(label="Name", max_length=60, help_text="Such as “Water, next quarter”.")
    is_shared = forms.BooleanField(label="Share it with the project", required=False)

    def __init__(self, data: QueryDict | None = None, *, may_share: bool, initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)
        if not may_share and not initial.get("is_shared"):
            del self.fields["is_shared"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_view_new(request: SignedInRequest, code: str) -> HttpResponse:
    """Keep the filters in this page's address under a name."""
    access = access_or_404(request.user, code)
    listing = Listing(project=access.project, query=request.GET, user=request.user, on=access.project.today)
    query = listing.url().removeprefix("?")
    form = _form(request, access, {})
    if form.is_bound and form.is_valid():
        try:
            values = {"name": form.cleaned_data["name"], "is_shared": bool(form.cleaned_data.get("is_shared"))}
            view = saved_view_add(actor=request.user, project=access.project, query=query, **values)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, f"The view {view} is saved.")
            return redirect(_address(access, query))
    context = {"project": access.project, "form": form, "listing": listing, "back": _address(access, query)}
    return render(request, "obligations/view_edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_view_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Rename a view, share it, or delete it."""
    access, view = _view_or_404(request, code, pk)
    form = _form(request, access, {"name": view.name, "is_shared": view.is_shared})
    if form.is_bound and form.is_valid():
        shared = bool(form.cleaned_data.get("is_shared"))
        try:
            saved_view_change(actor=request.user, view=view, name=form.cleaned_data["name"], is_shared=shared)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, f"The view {view} is saved.")
            return redirect(_address(access, view.query))
    listing = Listing(project=access.project, query=QueryDict(view.query), user=request.user, on=access.project.today)
    context = {
        "project": access.project,
        "form": form,
        "listing": listing,
        "view": SavedView.objects.get(pk=view.pk),
        "back": _address(access, view.query),
    }
    return render(request, "obligations/view_edit.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def saved_view_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Delete a view; the message that says so takes it back."""
    _, view = _view_or_404(request, code, pk)
    name = view.name
    kept = saved_view_delete(actor=request.user, view=view)
    request.session[DELETED] = request.session.get(DELETED, {}) | {str(pk): kept}
    undo = reverse("saved_view_restore", args=[code, pk])
    messages.success(request, f"The view {name} is deleted.", extra_tags=undo)
    return redirect("register", code)


@login_required
@require_POST
def saved_view_restore(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Bring back a view that this person deleted in this session."""
    access = access_or_404(request.user, code)
    deleted = request.session.get(DELETED, {})
    kept = deleted.pop(str(pk), None)
    if kept is None:
        raise Http404("No such view was deleted")
    request.session[DELETED] = deleted
    try:
        view = saved_view_add(actor=request.user, project=access.project, **kept)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("register", code)
    messages.success(request, f"The view {view} is back.")
    return redirect(_address(access, view.query))


def _form(request: SignedInRequest, access: Access, initial: dict[str, object]) -> SavedViewForm:
    data = request.POST if request.method == "POST" else None
    return SavedViewForm(data, may_share=access.may("view.share"), initial=initial)


def _view_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, SavedView]:
    access = access_or_404(request.user, code)
    offered = SavedView.objects.offered_to(request.user, access.project).select_related("project__organisation")
    view = get_object_or_404(offered, pk=pk)
    if view.owner_id != request.user.pk and not access.may("view.share"):
        raise PermissionDenied
    return access, view


def _address(access: Access, query: str) -> str:
    return f"{reverse('register', args=[access.project.code])}?{query}".rstrip("?")
