"""The pages of controlled documents."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from files.http import file_response
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.forms.documents import DocumentForm
from registers.forms.procedures import ProcedureForm
from registers.models import Procedure
from registers.services import procedures as service
from registers.services.changing import StaleRow

from obligations.models import Obligation

SHOWN = 50


@login_required
@require_safe
def procedure_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the controlled documents of the project's organisation, those whose review is overdue first."""
    access = access_or_404(request.user, code)
    today = access.project.today
    used = Obligation.objects.filter(project=access.project).order_by().values_list("procedure")
    counts = dict(used.annotate(number=Count("pk")))
    procedures = list(Procedure.objects.filter(organisation=access.project.organisation).order_by("reference", "name"))
    rows = [(one, counts.get(one.pk, 0), one.review_overdue(today)) for one in procedures]
    context = {
        "project": access.project,
        "today": today,
        "rows": sorted(rows, key=lambda row: not row[2]),
        "late": sum(row[2] for row in rows),
        "may_manage": access.may("vocabulary.manage"),
    }
    return render(request, "procedures/list.html", context)


@login_required
@require_safe
def procedure_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show a controlled document with the obligations that it says how to meet."""
    access, procedure = _procedure_or_404(request, code, pk)
    today = access.project.today
    linked = Obligation.objects.filter(project=access.project, procedure=procedure)
    first = linked.in_order("due").for_table()[:SHOWN]
    context = {
        "project": access.project,
        "today": today,
        "procedure": procedure,
        "late": procedure.review_overdue(today),
        "obligations": [(obligation, obligation.state(today)) for obligation in first],
        "total": linked.count(),
        "may_manage": access.may("vocabulary.manage"),
    }
    return render(request, "procedures/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def procedure_add(request: SignedInRequest, code: str) -> HttpResponse:
    """Add a controlled document."""
    access = access_or_404(request.user, code)
    access.require("vocabulary.manage")
    new = Procedure(organisation=access.project.organisation)
    form = ProcedureForm(request.POST if request.method == "POST" else None, instance=new)
    if form.is_valid():
        try:
            procedure = service.procedure_add(actor=request.user, project=access.project, values=form.values)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{procedure} is added.")
            return redirect("procedure_detail", code, procedure.pk)
    context = {"project": access.project, "form": form}
    return render(request, "procedures/form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def procedure_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Change what is recorded of a controlled document."""
    access, procedure = _procedure_or_404(request, code, pk)
    access.require("vocabulary.manage")
    form = ProcedureForm(request.POST if request.method == "POST" else None, instance=procedure)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            service.procedure_change(
                actor=request.user,
                project=access.project,
                procedure=procedure,
                changes=form.changes,
                opened=form.opened,
            )
        except ValidationError as error:
            add_errors(form, error)
        except StaleRow as stale:
            form.conflict(stale)
            status = 409
        else:
            messages.success(request, f"{procedure} is saved.")
            return redirect("procedure_detail", code, procedure.pk)
    context = {"project": access.project, "procedure": procedure, "form": form}
    return render(request, "procedures/form.html", context, status=status)


@login_required
@require_POST
def procedure_document_add(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Keep the document itself."""
    access, procedure = _procedure_or_404(request, code, pk)
    access.require("vocabulary.manage")
    form = DocumentForm(request.POST, request.FILES)
    try:
        file, name = form.keep(access.project.organisation, request.user)
        service.procedure_document(
            actor=request.user, project=access.project, procedure=procedure, file=file, name=name
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{name} is kept.")
    return redirect("procedure_detail", code, procedure.pk)


@login_required
@require_safe
def procedure_document(request: SignedInRequest, code: str, pk: int) -> HttpResponseBase:
    """Send the document."""
    _, procedure = _procedure_or_404(request, code, pk)
    if procedure.document is None:
        raise Http404("It has no document")
    return file_response(procedure.document, procedure.document_name)


def _procedure_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Procedure]:
    access = access_or_404(request.user, code)
    procedures = Procedure.objects.filter(organisation=access.project.organisation).select_related("document")
    return access, get_object_or_404(procedures, pk=pk)
