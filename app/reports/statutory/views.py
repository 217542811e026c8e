"""The pages of reports to regulators: begun, written, looked at, finalised, signed, and taken away as documents."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from accounts.http import SignedInRequest
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from obligations.models import Obligation
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors

from reports.exporting import table_response
from reports.statutory import services, worker
from reports.statutory.computing import content
from reports.statutory.document import FIELDS, build, counts
from reports.statutory.forms import BeginForm, LineForm, SignForm, WithdrawForm
from reports.statutory.freezing import TamperedSnapshot, frozen
from reports.statutory.layouts import layouts
from reports.statutory.making import document_of, documents
from reports.statutory.models import StatutoryReport
from reports.statutory.pack import pack

PAGE = 50
MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What takes a form: permission, form and service; and what takes a button: permission.
ASKING: dict[str, tuple[str, type[forms.Form], Callable[..., StatutoryReport]]] = {
    "sign": ("report.sign", SignForm, services.report_sign),
    "withdraw": ("report.finalise", WithdrawForm, services.report_withdraw),
}
DECIDING = {
    "finalise": "report.finalise",
    "revise": "report.generate",
    "discard": "report.generate",
    "documents": "export.run",
}
STANDING = {StatutoryReport.State.FINALISED, StatutoryReport.State.SIGNED}
TAMPERED = "What was finalised is not what is stored: its hash does not match. Tell whoever runs the server."


@login_required
@require_safe
def report_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Show the project's reports to regulators."""
    access = access_or_404(request.user, code)
    reports = StatutoryReport.objects.filter(project=access.project).for_page()
    context = {
        "project": access.project,
        "page": Paginator(reports, PAGE).get_page(request.GET.get("page")),
        "layouts": layouts().values(),
        "may_generate": access.may("report.generate"),
    }
    return render(request, "reports/statutory/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_begin(request: SignedInRequest, code: str) -> HttpResponse:
    """Begin a report: first the mechanism, then what suits it."""
    access = access_or_404(request.user, code)
    access.require("report.generate")
    mechanisms = access.project.mechanisms.order_by("reference")
    wanted = request.GET.get("mechanism", "")
    context: dict[str, Any] = {"project": access.project, "mechanisms": mechanisms}
    if not wanted:
        return render(request, "reports/statutory/begin.html", context)
    mechanism = get_object_or_404(mechanisms, pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0)
    form = BeginForm(
        request.POST if request.method == "POST" else None, mechanism=mechanism, today=access.project.today
    )
    if form.is_valid():
        try:
            report = services.report_begin(
                actor=request.user, project=access.project, mechanism=mechanism, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect(report)
    context |= {"mechanism": mechanism, "form": form}
    return render(request, "reports/statutory/begin.html", context, status=_status(form))


@login_required
@require_safe
def report_detail(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show a draft with the parts to write, or a finalised report with what can be done with it."""
    access, report = _report(request, code, pk)
    return _page(request, access, report)


@login_required
@require_safe
def report_preview(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show what a report says, a draft as the register stands now."""
    access, report = _report(request, code, pk)
    if report.is_draft:
        today = access.project.today.isoformat()
        document = build(content(report), sha256="", date=today, standing="Draft")
    else:
        try:
            document = document_of(report)
        except TamperedSnapshot:
            messages.error(request, TAMPERED)
            return redirect(report)
    context = {"project": access.project, "report": report, "document": document}
    return render(request, "reports/statutory/preview.html", context)


@login_required
@require_safe
def report_lines(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show the lines of a report with their computed statuses, and those that somebody judged otherwise."""
    access, report = _report(request, code, pk)
    try:
        told = content(report) if report.is_draft else frozen(report)
    except TamperedSnapshot:
        messages.error(request, TAMPERED)
        return redirect(report)
    lines, status = told["lines"], request.GET.get("status", "")
    tabs = [("", "All", len(lines)), *counts(told)]
    chosen = [line for line in lines if line["status"] == status] if status else lines
    context = {
        "project": access.project,
        "report": report,
        "tabs": tabs,
        "status": status,
        "page": Paginator(chosen, PAGE).get_page(request.GET.get("page")),
        "may_judge": report.is_draft and access.may("report.generate"),
    }
    return render(request, "reports/statutory/lines.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def line_judge(request: SignedInRequest, code: str, pk: int, obligation: int) -> HttpResponse:
    """Let a line show another status than the computed one, or the computed one again."""
    access, report = _report(request, code, pk)
    access.require("report.generate")
    if not report.is_draft:
        messages.error(request, "This report is finalised: begin another revision to change it.")
        return redirect(report)
    line = next((line for line in content(report)["lines"] if line["key"] == obligation), None)
    if line is None:
        raise Http404("No such line")
    duty = get_object_or_404(Obligation.objects.select_related("mechanism"), project=access.project, pk=obligation)
    form = LineForm(request.POST if request.method == "POST" else None, report=report, line=line)
    try:
        if request.method == "POST" and "computed" in request.POST:
            services.line_recompute(actor=request.user, report=report, obligation=duty)
            return redirect(reverse("statutory_lines", args=[code, pk]) + f"#line-{obligation}")
        if form.is_valid():
            services.line_judge(actor=request.user, report=report, obligation=duty, **form.cleaned_data)
            messages.success(request, f"{duty.code} is judged.")
            return redirect(reverse("statutory_lines", args=[code, pk]) + f"#line-{obligation}")
    except ValidationError as error:
        add_errors(form, error)
    status = _status(form)
    context = {"project": access.project, "report": report, "line": line, "obligation": duty, "form": form}
    return render(request, "reports/statutory/line.html", context, status=status)


@login_required
@require_POST
def narrative_write(request: SignedInRequest, code: str, pk: int, key: str) -> HttpResponse:
    """Store what somebody writes, while they write or when they press Save."""
    access, report = _report(request, code, pk)
    access.require("report.generate")
    part = report.layout.narratives.get(key)
    if part is None:
        raise Http404("No such part")
    text, version = request.POST.get("text", ""), request.POST.get("over") or request.POST.get("version", "")
    if not (version.isdecimal() and len(version) < 9):
        raise Http404("No such version")
    autosaved = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {"project": access.project, "report": report, "part": {**part, "text": text}}
    try:
        row = services.narrative_write(
            actor=request.user, report=report, key=key, text=text, expected_version=int(version)
        )
    except services.StaleNarrative as stale:
        context["part"] |= {"version": int(version), "stale": stale.current}
        if autosaved:
            return render(request, "reports/statutory/_saved.html", context, status=HTTPStatus.CONFLICT)
        return _page(request, access, report, written=context["part"], status=HTTPStatus.CONFLICT)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        response = redirect(report)
        if autosaved:
            response = HttpResponse(status=HTTPStatus.NO_CONTENT)  # type: ignore[assignment]  # no page
            response.headers["HX-Refresh"] = "true"
        return response
    context["part"] |= {"version": row.version, "row": row}
    if autosaved:
        return render(request, "reports/statutory/_saved.html", context)
    messages.success(request, f"{part['title']} is saved.")
    return redirect(report.get_absolute_url() + f"#{key}")


@login_required
@require_POST
def report_act(request: SignedInRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Finalise, sign, withdraw, revise or discard a report, or have its documents made."""
    access, report = _report(request, code, pk)
    try:
        if act in ASKING:
            return _asked(request, access, report, act)
        if act in DECIDING:
            access.require(DECIDING[act])
            return _decided(request, report, act)
    except TamperedSnapshot:
        messages.error(request, TAMPERED)
        return redirect(report)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(report)
    raise Http404("No such act")


def _asked(request: SignedInRequest, access: Access, report: StatutoryReport, act: str) -> HttpResponse:
    """Do what a form asks something for."""
    codename, form_class, service = ASKING[act]
    access.require(codename)
    form = form_class(request.POST)
    if form.is_valid():
        try:
            service(actor=request.user, report=report, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            worker.start()
            return redirect(report)
    return _page(request, access, report, failed=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _decided(request: SignedInRequest, report: StatutoryReport, act: str) -> HttpResponse:
    """Do what takes no more than a button."""
    if act == "finalise":
        services.report_finalise(actor=request.user, report=report)
        worker.start()
    elif act == "revise":
        return redirect(_revised(request, report))
    elif act == "discard":
        services.report_discard(actor=request.user, report=report)
        messages.success(request, f"The draft of {report} is discarded.")
        return redirect("statutory_reports", report.project.code)
    elif not report.is_draft:
        worker.ask(report)
    return redirect(report)


@login_required
@require_safe
def report_progress(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show that the documents are being made; once they are, the page is loaded anew."""
    access, report = _report(request, code, pk)
    if worker.is_ready(report) or not worker.is_waiting(report):
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response.headers["HX-Refresh"] = "true"
        return response
    # Whoever worked on the queue may have ended just before this report came into it.
    worker.start()
    return render(request, "reports/statutory/_progress.html", {"project": access.project, "report": report})


@login_required
@require_safe
def report_file(request: SignedInRequest, code: str, pk: int, name: str) -> FileResponse:
    """Send one of the documents."""
    access, report = _report(request, code, pk)
    access.require("export.run")
    found = next((path for path in _documents(report) if path.name == name), None)
    if found is None:
        raise Http404("No such document")
    media_type = MEDIA_TYPES[found.suffix]
    return FileResponse(found.open("rb"), as_attachment=True, filename=name, content_type=media_type)


@login_required
@require_safe
def report_pack(request: SignedInRequest, code: str, pk: int) -> HttpResponse | StreamingHttpResponse:
    """Send the documents with the evidence and a manifest, as they are read."""
    access, report = _report(request, code, pk)
    access.require("export.run")
    made = _documents(report)
    try:
        if not made:
            raise Http404("The documents have yet to be made")
        frozen(report)
    except TamperedSnapshot:
        messages.error(request, TAMPERED)
        return redirect(report)
    response = StreamingHttpResponse(pack(report, made), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{report.file_stem}.zip"'
    return response


@login_required
@require_safe
def report_data(request: SignedInRequest, code: str, pk: int, form: str) -> HttpResponse | StreamingHttpResponse:
    """Send the lines of a report as CSV or XLSX, of a draft as the register stands now."""
    access, report = _report(request, code, pk)
    access.require("export.run")
    try:
        told = content(report) if report.is_draft else frozen(report)
    except TamperedSnapshot:
        messages.error(request, TAMPERED)
        return redirect(report)
    rows = [[name for _, name in FIELDS], *([line[name] for _, name in FIELDS] for line in told["lines"])]
    return table_response(f"{report.file_stem}-lines", form, rows)


def _report(request: SignedInRequest, code: str, pk: int) -> tuple[Access, StatutoryReport]:
    access = access_or_404(request.user, code)
    return access, get_object_or_404(StatutoryReport.objects.filter(project=access.project).for_page(), pk=pk)


def _documents(report: StatutoryReport) -> list[Any]:
    return [] if report.is_draft else documents(report)


def _revised(request: SignedInRequest, report: StatutoryReport) -> StatutoryReport:
    return services.report_begin(
        actor=request.user,
        project=report.project,
        mechanism=report.mechanism,
        layout_key=report.layout_key,
        period_start=report.period_start,
        period_end=report.period_end,
    )


def _page(
    request: SignedInRequest,
    access: Access,
    report: StatutoryReport,
    *,
    written: dict[str, Any] | None = None,
    failed: forms.Form | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context: dict[str, Any] = {"project": access.project, "report": report, "failed": failed}
    if report.is_draft:
        rows = {row.key: row for row in report.narratives.select_related("written_by")}
        parts = []
        for key, part in report.layout.narratives.items():
            row = rows.get(key)
            parts.append({**part, "text": row.text if row else "", "version": row.version if row else 0, "row": row})
        context |= {
            "parts": [written if written and part["key"] == written["key"] else part for part in parts],
            "stale": written,
            "counts": counts(content(report)),
            "may_write": access.may("report.generate"),
            "may_finalise": access.may("report.finalise"),
            "is_over": report.period_end < access.project.today,
        }
        return render(request, "reports/statutory/draft.html", context, status=status)
    stands = report.state in STANDING
    took_part = report.authors.filter(pk=request.user.pk).exists()
    context |= {
        "documents": _documents(report),
        "waiting": worker.is_waiting(report),
        "stands": stands,
        "may_sign": report.state == StatutoryReport.State.FINALISED and access.may("report.sign") and not took_part,
        "may_withdraw": stands and access.may("report.finalise"),
        "may_revise": access.may("report.generate"),
        "may_export": access.may("export.run"),
        "sign_form": failed if isinstance(failed, SignForm) else SignForm(initial={"name": str(request.user)}),
        "withdraw_form": failed if isinstance(failed, WithdrawForm) else WithdrawForm(),
    }
    return render(request, "reports/statutory/report.html", context, status=status)


def _status(form: forms.Form) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
