"""One row of the register, changed where it stands."""

from __future__ import annotations

import json

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods
from registers.access import Access, access_or_404

from obligations.forms.bulk import RowForm
from obligations.listing import Entry
from obligations.models import Obligation, Occurrence
from obligations.services.obligations import StaleObligation, obligation_update


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def obligation_row(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Show a row as a form (`?edit=1`) or as it is, and save it; whoever saves second is shown both versions."""
    access = access_or_404(request.user, code)
    obligation = _row_or_404(access, pk)
    if request.method != "POST" and "edit" not in request.GET:
        return _plain(request, access, obligation)
    access.require("obligation.change")
    form = RowForm(request.POST if request.method == "POST" else None, obligation=obligation)
    if not form.is_valid():
        return _form(request, access, obligation, form, status=422 if form.is_bound else 200)
    version = form.cleaned_data["version"]
    try:
        obligation_update(actor=request.user, obligation=obligation, changes=form.changes, expected_version=version)
    except StaleObligation as stale:
        fresh, differences = form.upon(stale.current), form.differences(stale.current)
        return _form(request, access, stale.current, fresh, status=409, differences=differences)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _form(request, access, obligation, form, status=422)
    response = _plain(request, access, _row_or_404(access, pk))
    response.headers["HX-Trigger"] = json.dumps({"announced": f"{obligation.code} is saved."})
    return response


def _row_or_404(access: Access, pk: int) -> Obligation:
    row: Obligation = get_object_or_404(Obligation.objects.filter(project=access.project).for_table(), pk=pk)
    return row


def _plain(request: SignedInRequest, access: Access, obligation: Obligation) -> HttpResponse:
    today = access.project.today
    due = Occurrence.objects.falling_due_next([obligation.pk])
    # Where it stands in the list from which it was opened.
    query = f"?{request.GET.get('query', '')}".rstrip("?")
    context = {
        "project": access.project,
        "entries": [Entry(obligation, obligation.state(today), query, occurrence=due.first())],
        "on": today,
        "may_change": access.may("obligation.change"),
        "may_bulk_edit": access.may("obligation.bulk_edit"),
        "back": True,
    }
    return render(request, "obligations/_rows.html", context)


def _form(
    request: SignedInRequest, access: Access, obligation: Obligation, form: RowForm, *, status: int, **more: object
) -> HttpResponse:
    columns = 6 + access.may("obligation.bulk_edit") + access.may("obligation.change")
    context = {"project": access.project, "obligation": obligation, "form": form, "columns": columns, **more}
    return render(request, "obligations/_row_form.html", context, status=status)
