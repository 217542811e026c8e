"""The pages of a mechanism's versions."""

from __future__ import annotations

import hashlib

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from files.http import file_response
from files.models import StoredFile
from registers.access import Access, access_or_404
from registers.forms.documents import DocumentForm
from registers.models import Mechanism, MechanismVersion
from registers.services.mechanisms import document_attach

from obligations.amendments import Outcome, amendment_outcomes, current_conditions, seal_of
from obligations.comparing import compare
from obligations.forms.amendments import AmendmentForm
from obligations.services.amendments import StaleAmendment, version_publish
from obligations.views.mechanisms import mechanism_or_404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def version_add(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Decide about each condition of a new version, look at what that does, and publish it."""
    access, mechanism = mechanism_or_404(request, code, pk)
    access.require("mechanism.publish")
    data = request.POST if request.method == "POST" else None
    form = AmendmentForm(data, conditions=current_conditions(mechanism), seal=seal_of(mechanism))
    if data is None or data.get("action") == "more":
        return _page(request, access, mechanism, form)
    if not form.is_valid():
        return _page(request, access, mechanism, form, status=422)
    try:
        outcomes = amendment_outcomes(mechanism, form.amendment, access.project.today)
        # What is published is what was looked at.
        if data.get("action") != "publish" or data.get("looked_at") != _digest(form):
            return _page(request, access, mechanism, form, outcomes=outcomes)
        document, name = _keep(request, access) if request.FILES else (None, "")
        version = version_publish(
            actor=request.user,
            mechanism=mechanism,
            amendment=form.amendment,
            seal=form.cleaned_data["seal"],
            document=document,
            document_name=name,
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, access, mechanism, form, status=422)
    except StaleAmendment:
        form.data["seal"] = seal_of(mechanism)  # type: ignore[index]  # a copy of the form's own, to be changed
        form.add_error(
            None,
            "Somebody else changed the conditions or published a version while you had this page open. "
            "Your decisions are below, about the conditions as they are now: look through them again.",
        )
        return _page(request, access, mechanism, form, status=409)
    messages.success(request, f"{version} of {mechanism} is published.")
    return redirect("mechanism_detail", code, mechanism.pk)


@login_required
@require_safe
def version_compare(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show what differs between two versions of a mechanism, word by word."""
    access, mechanism = mechanism_or_404(request, code, pk)
    versions = list(mechanism.versions.order_by("number"))
    if len(versions) < 2:
        raise Http404("There is nothing to compare")
    by_number = {str(version.number): version for version in versions}
    old = by_number.get(request.GET.get("from", ""), versions[-2])
    new = by_number.get(request.GET.get("to", ""), versions[-1])
    if old.number > new.number:
        old, new = new, old
    context = {
        "project": access.project,
        "mechanism": mechanism,
        "versions": versions,
        "old": old,
        "new": new,
        "compared": compare(mechanism, old, new),
    }
    return render(request, "mechanisms/compare.html", context)


@login_required
@require_POST
def version_document_add(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Keep the document of a mechanism's newest version."""
    access, mechanism = mechanism_or_404(request, code, pk)
    access.require("mechanism.change")
    try:
        document, name = _keep(request, access)
        document_attach(actor=request.user, mechanism=mechanism, file=document, name=name)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{name} is kept.")
    return redirect("mechanism_detail", code, mechanism.pk)


@login_required
@require_safe
def version_document(request: SignedInRequest, code: str, pk: int) -> HttpResponseBase:
    """Send the document of a version."""
    access = access_or_404(request.user, code)
    versions = MechanismVersion.objects.filter(mechanism__project=access.project).select_related("document")
    version = get_object_or_404(versions, pk=pk)
    if version.document is None:
        raise Http404("It has no document")
    return file_response(version.document, version.document_name)


def _keep(request: SignedInRequest, access: Access) -> tuple[StoredFile, str]:
    return DocumentForm(request.POST, request.FILES).keep(access.project.organisation, request.user)


def _digest(form: AmendmentForm) -> str:
    return hashlib.sha256(repr(form.amendment).encode()).hexdigest()


def _page(
    request: SignedInRequest,
    access: Access,
    mechanism: Mechanism,
    form: AmendmentForm,
    *,
    outcomes: list[Outcome] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "project": access.project,
        "mechanism": mechanism,
        "form": form,
        "outcomes": outcomes,
        "amendment": form.amendment if outcomes is not None else None,
        "looked_at": _digest(form) if outcomes is not None else "",
        "document": DocumentForm(),
    }
    return render(request, "mechanisms/amend.html", context, status=status)
