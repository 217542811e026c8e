"""The pages of evidence, and the part of other pages that lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from accounts.http import SignedInRequest
from config.middleware import CONTENT_SECURITY_POLICY
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from files.http import IMAGES, PREVIEWED, file_response
from registers.access import Access, access_or_404

from obligations.forms.evidence import EvidenceDateForm, EvidenceForm, RemovalForm
from obligations.models import CorrectiveAction, Evidence, Inspection, Obligation, Occurrence
from obligations.querysets import EvidenceQuerySet
from obligations.services.evidence import (
    EvidenceResult,
    Proven,
    evidence_add,
    evidence_change,
    evidence_remove,
    evidence_review,
    evidence_verify,
)


@dataclass(frozen=True)
class EvidencePanel:
    """What `obligations/_evidence.html` shows: the evidence of something, and the form that adds to it."""

    proven: Proven
    identity: str
    files: EvidenceQuerySet
    form: EvidenceForm
    may_upload: bool
    limit_mb: int
    limit_files: int
    upload_url: str

    @property
    def lock(self) -> str:
        return self.proven.lock


def evidence_panel(
    request: SignedInRequest, access: Access, proven: Proven, form: EvidenceForm | None = None
) -> EvidencePanel | None:
    """Return the part of a page that lists the evidence of something; None for those who may not see it.

    The page says `{% include "obligations/_evidence.html" %}` with this as `evidence`. The evidence of an obligation is
    all that belongs to it; that of an occurrence, an inspection or a corrective action is its own.
    """
    if not access.may("evidence.view"):
        return None
    part = {name: row for name, row in proven.parts.items() if row is not None}
    address = reverse("evidence_add", args=[access.project.code, proven.obligation.pk])
    query = urlencode({name: row.pk for name, row in part.items()})
    identity = _identity(proven)
    return EvidencePanel(
        proven,
        identity,
        files=proven.obligation.evidence.filter(**part).current().for_list(),
        form=form or EvidenceForm(today=access.project.today, identity=identity),
        may_upload=proven.may_upload(request.user),
        limit_mb=settings.MAX_UPLOAD_MB,
        limit_files=settings.DATA_UPLOAD_MAX_NUMBER_FILES or 0,
        upload_url=f"{address}?{query}".rstrip("?"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def evidence_add_page(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Take files as evidence of what the address names. What is good of them is kept, whatever the others are."""
    access = access_or_404(request.user, code)
    access.require("evidence.view")
    proven = _proven_or_404(request, access, pk)
    if not proven.may_upload(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _add_page(request, access, proven)
    form = EvidenceForm(request.POST, request.FILES, today=access.project.today, identity=_identity(proven))
    result = _add(request, proven, form) if form.is_valid() else EvidenceResult([], [])
    if result.stored:
        names = ", ".join(evidence.name for evidence in result.stored)
        messages.success(request, f"{names} {'is' if len(result.stored) == 1 else 'are'} kept as evidence.")
    if form.errors:
        return _add_page(request, access, proven, form)
    return _add_page(request, access, proven) if request.htmx else redirect(_page_of(proven))


def _add(request: SignedInRequest, proven: Proven, form: EvidenceForm) -> EvidenceResult:
    """Store the form's files; why some were not stored becomes errors of the form."""
    values = form.cleaned_data
    try:
        result = evidence_add(
            actor=request.user,
            obligation=proven.obligation,
            files=values["uploads"],
            effective_on=values["effective_on"],
            description=values["description"],
            **proven.parts,
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return EvidenceResult([], [])
    if result.refused:
        form.add_error("uploads", result.refused)
    return result


def _add_page(
    request: SignedInRequest, access: Access, proven: Proven, form: EvidenceForm | None = None
) -> HttpResponse:
    """Show the list and its form, alone or, for htmx, as the part of another page."""
    context = {
        "project": access.project,
        "obligation": proven.obligation,
        "proven": proven,
        "page": _page_of(proven),
        "evidence": evidence_panel(request, access, proven, form),
        "fragment": request.htmx,
    }
    template = "obligations/_evidence.html" if request.htmx else "obligations/evidence_add.html"
    return render(request, template, context, status=422 if form else 200)


@login_required
@require_safe
def evidence_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show one file: what it is, who stands for it, and itself if it is an image or a PDF."""
    access, evidence = _evidence_or_404(request, code, pk)
    return _detail_page(request, access, evidence)


@login_required
@require_POST
def evidence_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Correct a file's effective date and description."""
    access, evidence = _evidence_or_404(request, code, pk)
    if not Proven.by(evidence).may_upload(request.user):
        raise PermissionDenied
    form = EvidenceDateForm(request.POST)

    def change() -> None:
        evidence_change(actor=request.user, evidence=evidence, **form.cleaned_data)
        messages.success(request, f"{evidence.name} is saved.")

    return _act(request, access, evidence, change, date_form=form)


@login_required
@require_POST
def evidence_remove_page(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Take a file out of the evidence."""
    access, evidence = _evidence_or_404(request, code, pk)
    access.require("evidence.delete")
    form = RemovalForm(request.POST)

    def remove() -> None:
        evidence_remove(actor=request.user, evidence=evidence, **form.cleaned_data)
        messages.success(request, f"{evidence.name} is removed. The record keeps that it was here.")

    return _act(request, access, evidence, remove, removal_form=form)


@login_required
@require_POST
def evidence_review_page(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Note that the person has reviewed a file."""
    access, evidence = _evidence_or_404(request, code, pk)
    access.require("evidence.verify")
    try:
        evidence_review(actor=request.user, evidence=evidence)
        messages.success(request, f"{evidence.name} is reviewed.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(evidence)


@login_required
@require_POST
def evidence_verify_page(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Hash a file again and say whether it is what was uploaded."""
    access, evidence = _evidence_or_404(request, code, pk)
    access.require("evidence.verify")
    if evidence_verify(actor=request.user, evidence=evidence):
        messages.success(request, f"{evidence.name} is what was uploaded, bit by bit.")
    else:
        messages.error(
            request,
            f"{evidence.name} is lost or was altered since it was uploaded. Upload the original again, which mends it, "
            "and tell your administrator.",
        )
    return redirect(evidence)


@login_required
@require_safe
def evidence_file(request: SignedInRequest, code: str, pk: int) -> FileResponse:
    """Send a file to be saved."""
    _, evidence = _evidence_or_404(request, code, pk)
    return file_response(evidence.file, evidence.name)


@login_required
@require_safe
def evidence_preview(request: SignedInRequest, code: str, pk: int) -> FileResponse:
    """Send an image or a PDF to be looked at, where nothing in it can act; other kinds are sent to be saved."""
    _, evidence = _evidence_or_404(request, code, pk)
    return file_response(evidence.file, evidence.name, inline=True)


def _act(
    request: SignedInRequest, access: Access, evidence: Evidence, act: Callable[[], None], **named: forms.BaseForm
) -> HttpResponse:
    """Do what a valid form asks for; otherwise show the page with the form and what is wrong with it."""
    (form,) = named.values()
    if form.is_valid():
        try:
            act()
        except ValidationError as error:
            form.add_error(None, error.messages)
    if form.errors:
        return _detail_page(request, access, evidence, status=422, form=form, **named)
    return redirect(evidence)


def _detail_page(
    request: SignedInRequest, access: Access, evidence: Evidence, *, status: int = 200, **forms: Any
) -> HttpResponse:
    proven = Proven.by(evidence)
    initial = {"effective_on": evidence.effective_on, "description": evidence.description}
    changeable = not evidence.removed_at and not proven.lock
    context = {
        "project": access.project,
        "obligation": evidence.obligation,
        "evidence": evidence,
        "proven": proven,
        "page": _page_of(proven),
        "is_image": evidence.file.media_type in IMAGES,
        "is_previewed": evidence.file.media_type in PREVIEWED,
        "may_verify": access.may("evidence.verify"),
        "may_review": access.may("evidence.verify")
        and not (evidence.removed_at or evidence.reviewed_at or evidence.uploaded_by == request.user),
        "may_change": changeable and proven.may_upload(request.user),
        "may_remove": changeable and access.may("evidence.delete"),
        "date_form": EvidenceDateForm(initial=initial),
        "removal_form": RemovalForm(),
        **forms,
    }
    response = render(request, "obligations/evidence_detail.html", context, status=status)
    # The frame that shows a PDF.
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


def _proven_or_404(request: SignedInRequest, access: Access, pk: int) -> Proven:
    """Return what the address names: an obligation of the project, or a part of what is done for it."""
    obligation = get_object_or_404(Obligation.objects.filter(project=access.project).for_page(), pk=pk)
    own = {
        "occurrence": Occurrence.objects.filter(obligation=obligation).select_related("project", "obligation"),
        "inspection": Inspection.objects.filter(obligation=obligation).select_related("project"),
        "corrective_action": CorrectiveAction.objects.filter(non_compliance__obligation=obligation).select_related(
            "non_compliance__project"
        ),
    }
    parts: dict[str, Any] = {
        name: get_object_or_404(rows, pk=_number_or_0(request.GET[name]))
        for name, rows in own.items()
        if name in request.GET
    }
    return Proven(obligation, **parts)


def _number_or_0(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _evidence_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Evidence]:
    access = access_or_404(request.user, code)
    access.require("evidence.view")
    evidence = Evidence.objects.filter(obligation__project=access.project).for_list()
    return access, get_object_or_404(evidence, pk=pk)


def _identity(proven: Proven) -> str:
    """Return the name that sets this evidence apart from other evidence on a page, and is its anchor there."""
    return "-".join(["evidence", *(f"{name}-{row.pk}" for name, row in proven.parts.items() if row)])


def _page_of(proven: Proven) -> str:
    """Return the address of the page that shows this evidence among all else."""
    return f"{proven.subject.get_absolute_url()}#{_identity(proven)}"
