"""The pages on which a register is imported: its file, its columns, what each row would change, and what came of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from registers.access import Access, access_or_404
from registers.importing.columns import COLUMNS

from obligations.forms.imports import MappingForm, UploadForm, field_label
from obligations.importing import worker
from obligations.importing.report import Report
from obligations.importing.results import WRITTEN, Result
from obligations.models import ImportBatch, ImportRow
from obligations.services import imports

State = ImportBatch.State
PAGE = 50
BEFORE_ACCEPTANCE = {State.UPLOADED, State.CHECKED, State.FAILED}


class Tab(NamedTuple):
    """Rows that end alike: how many, and where they are shown."""

    value: str
    label: str
    number: int
    current: bool


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the project's imports, and take a file for another one."""
    access = _access(request, code)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        try:
            batch = imports.import_upload(
                actor=request.user, project=access.project, upload=form.cleaned_data["upload"]
            )
        except ValidationError as error:
            form.add_error("upload", error.messages)
        else:
            return redirect(batch)
    batches = access.project.imports.select_related("uploaded_by", "project")
    context = {
        "project": access.project,
        "form": form,
        "page": Paginator(batches, PAGE).get_page(request.GET.get("page")),
        "columns": [(column.names[0], field_label(column.field), column.needed) for column in COLUMNS],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "obligations/import_list.html", context, status=status)


@login_required
@require_safe
def import_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show where an import stands, and what can be decided about it."""
    access = _access(request, code)
    return _detail(request, access, _batch(access, pk))


@login_required
@require_safe
def import_progress(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show how far the work is; once it is done, the page is loaded anew."""
    access = _access(request, code)
    batch = _batch(access, pk)
    if not _is_waiting(batch):
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response.headers["HX-Refresh"] = "true"
        return response
    return render(request, "obligations/_import_progress.html", _progress(access, batch))


@login_required
@require_POST
def import_act(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Do what the person has decided about an import."""
    access = _access(request, code)
    batch, who = _batch(access, pk), request.user
    try:
        if act == "check":
            form = MappingForm(request.POST, batch=batch)
            if not form.is_valid():
                return _detail(request, access, batch, form)
            try:
                imports.import_check(actor=who, batch=batch, columns=form.columns)
            except ValidationError as error:
                form.add_error(None, error.messages)
                return _detail(request, access, batch, form)
        elif act == "sheet":
            imports.import_sheet(actor=who, batch=batch, sheet=request.POST.get("sheet", ""))
        elif act in {"accept", "undo", "discard", "resume"}:
            getattr(imports, f"import_{act}")(actor=who, batch=batch)
        else:
            raise Http404("No such act")
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    return redirect(batch)


@login_required
@require_safe
def import_report(request: SignedInRequest, code: str, pk: int) -> StreamingHttpResponse:
    """Send what was found in each row, as CSV."""
    access = _access(request, code)
    batch = _batch(access, pk)
    response = StreamingHttpResponse(_report(batch), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{access.project.code}-import-{batch.pk}.csv"'
    return response


@login_required
@require_safe
def import_template(request: SignedInRequest, code: str) -> HttpResponse:
    """Send an empty register with all columns."""
    access = _access(request, code)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    csv.writer(response).writerow([column.names[0] for column in COLUMNS])
    response.headers["Content-Disposition"] = f'attachment; filename="{access.project.code}-register-template.csv"'
    return response


def _access(request: SignedInRequest, code: str) -> Access:
    access = access_or_404(request.user, code)
    access.require("import.run")
    return access


def _batch(access: Access, pk: int) -> ImportBatch:
    batches = ImportBatch.objects.select_related("project__organisation", "uploaded_by", "accepted_by", "undone_by")
    return get_object_or_404(batches, project=access.project, pk=pk)


def _is_waiting(batch: ImportBatch) -> bool:
    return batch.state in worker.RUNNING or (batch.state == State.UPLOADED and not batch.columns)


def _progress(access: Access, batch: ImportBatch) -> dict[str, Any]:
    written = sum(batch.counts.get(result.value, 0) for result in WRITTEN)
    return {
        "project": access.project,
        "batch": batch,
        "at_work": worker.is_at_work(batch),
        # How many rows a check will find, only its end tells.
        "total": written if batch.state in {State.ACCEPTING, State.UNDOING} else 0,
    }


def _detail(
    request: SignedInRequest, access: Access, batch: ImportBatch, form: MappingForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = _progress(access, batch) | {"waiting": _is_waiting(batch)}
    undecided = batch.state in BEFORE_ACCEPTANCE and not context["waiting"]
    asks = form is not None or batch.state == State.UPLOADED or "columns" in request.GET or batch.state == State.FAILED
    if undecided and asks and batch.columns:
        context["form"] = form or MappingForm(batch=batch)
    result = request.GET.get("result", "")
    if not context["waiting"] and batch.counts and "form" not in context:
        context |= {"tabs": _tabs(batch, result), "page": _page(batch, result, request.GET.get("page"))}
    context |= {
        "undecided": undecided,
        "written": sum(batch.counts.get(result.value, 0) for result in WRITTEN),
        "refused": batch.counts.get(Result.REFUSED.value, 0),
        "may_accept": batch.state == State.CHECKED and not batch.problem,
        "result": result,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
    return render(request, "obligations/import_detail.html", context, status=status)


def _tabs(batch: ImportBatch, current: str) -> list[Tab]:
    found = [
        Tab(result.value, result.label.capitalize(), batch.counts[result.value], result.value == current)
        for result in Result
        if result.value in batch.counts
    ]
    return [Tab("", "All", sum(batch.counts.values()), not current), *found]


def _page(batch: ImportBatch, result: str, number: str | None) -> Page[ImportRow]:
    rows = batch.rows.select_related("obligation").order_by("line")
    paginator = Paginator(rows.filter(result=result) if result in Result.values else rows, PAGE)
    # Known since the check: a count of 100 000 rows less.
    paginator.count = batch.counts.get(result, 0) if result in Result.values else sum(batch.counts.values())
    return paginator.get_page(number)


def _report(batch: ImportBatch) -> Iterator[str]:
    pieces = ["\ufeff"]
    report = Report(_Sink(pieces))
    for row in batch.rows.order_by("line").iterator(chunk_size=500):
        mechanism = row.changes.get("mechanism", ("", ""))[1]
        report.write(row.line, row.number, mechanism, row.result, row.findings)
        if len(pieces) > 500:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces)


class _Sink:
    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces

    def write(self, text: str, /) -> None:
        self.pieces.append(text)
