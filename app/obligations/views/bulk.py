"""Changing many obligations at once: choose what to change, look at what it would do, do it, and take it back."""

from __future__ import annotations

import re
import secrets
from typing import Any

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from registers.access import Access, access_or_404

from obligations.describing import in_words, label_of
from obligations.forms.bulk import BulkForm
from obligations.listing import Listing
from obligations.models import Obligation
from obligations.querysets import ObligationQuerySet
from obligations.services.bulk import (
    LIMIT,
    BulkResult,
    Planned,
    obligations_change,
    obligations_plan,
    obligations_restore,
)

SHOWN = 200
# How long a change of many can be taken back.
SECONDS = 24 * 60 * 60


@login_required
@require_POST
def register_bulk(request: SignedInRequest, code: str) -> HttpResponse:
    """Go from the chosen rows to what shall change, to what would change, to the change."""
    access = access_or_404(request.user, code)
    access.require("obligation.bulk_edit")
    query = QueryDict(request.POST.get("query", ""))
    try:
        versions = _chosen(request, access, query)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(f"{_register(access)}?{query.urlencode()}".rstrip("?"))
    step = request.POST.get("step", "choose")
    asked = step in {"check", "apply"}
    retires = access.may("obligation.retire")
    form = BulkForm(request.POST if step != "choose" else None, project=access.project, may_retire=retires)
    context = {
        "project": access.project,
        "form": form,
        "number": len(versions),
        "chosen": ",".join(f"{pk}:{version}" for pk, version in versions.items()),
        "query": query.urlencode(),
    }
    if not asked or not form.is_valid():
        return render(request, "obligations/bulk.html", context, status=422 if asked else 200)
    arguments: dict[str, Any] = {
        "actor": request.user,
        "project": access.project,
        "obligations": Obligation.objects.filter(pk__in=versions),
        "changes": form.changes,
        "versions": versions,
    }
    if step == "check":
        plan = obligations_plan(**arguments)
        context |= {"plan": plan, "changed": _in_words(plan.changed), "refused": _in_words(plan.refused)}
        return render(request, "obligations/bulk_check.html", context)
    result = obligations_change(**arguments, reason=form.cleaned_data["reason"])
    return redirect("register_bulk_done", code, _keep(request, access, result, query))


@login_required
@require_safe
def register_bulk_done(request: SignedInRequest, code: str, token: str) -> HttpResponse:
    """Sum up what a change of many did."""
    access = access_or_404(request.user, code)
    return render(request, "obligations/bulk_done.html", {"project": access.project, **_kept(request, access, token)})


@login_required
@require_POST
def register_bulk_undo(request: SignedInRequest, code: str, token: str) -> HttpResponse:
    """Take a change of many back, where nobody touched it since."""
    access = access_or_404(request.user, code)
    access.require("obligation.bulk_edit")
    kept = _kept(request, access, token)
    result = obligations_restore(actor=request.user, project=access.project, before=kept["before"])
    cache.delete(_key(token))
    done = f"The change of {_obligations(len(result.changed))} is taken back."
    if result.refused:
        codes = ", ".join(plan.obligation.code for plan in result.refused[:10])
        done += f" {_obligations(len(result.refused))} changed since and stay as they are: {codes}."
    messages.success(request, done)
    return redirect(f"{_register(access)}?{kept['query']}".rstrip("?"))


def _chosen(request: SignedInRequest, access: Access, query: QueryDict) -> dict[int, int]:
    """Return the versions of the chosen obligations by key: those ticked, all of the list, or as chosen before.

    Raises:
        ValidationError: none is chosen, or too many.
    """
    if chosen := request.POST.get("chosen"):
        pairs = (re.fullmatch(r"(\d{1,18}):(\d{1,9})", pair) for pair in chosen.split(","))
        versions = {int(pair[1]): int(pair[2]) for pair in pairs if pair}
    else:
        versions = dict(_rows(request, access, query).order_by().values_list("pk", "version")[: LIMIT + 1])
    if not versions:
        raise ValidationError("Tick the obligations to change first.")
    if len(versions) > LIMIT:
        raise ValidationError(f"At most {LIMIT} obligations are changed at once: narrow the list first.")
    return versions


def _rows(request: SignedInRequest, access: Access, query: QueryDict) -> ObligationQuerySet:
    if request.POST.get("all"):
        return Listing(project=access.project, query=query, user=request.user, on=access.project.today).rows
    ticked = [int(pk) for pk in request.POST.getlist("select") if re.fullmatch(r"\d{1,18}", pk)]
    return Obligation.objects.filter(project=access.project, pk__in=ticked)


def _in_words(plans: list[Planned]) -> list[dict[str, Any]]:
    """Return the first of the plans as a page shows them."""
    return [
        {
            "pk": plan.obligation.pk,
            "code": plan.obligation.code,
            "why": plan.refused,
            "changes": [
                (label_of(name), in_words(name, before), in_words(name, after))
                for name, (before, after) in plan.changes.items()
            ],
        }
        for plan in plans[:SHOWN]
    ]


def _keep(request: SignedInRequest, access: Access, result: BulkResult, query: QueryDict) -> str:
    token = secrets.token_urlsafe(16)
    kept = {
        "by": request.user.pk,
        "at": access.project.pk,
        "numbers": [len(result.changed), len(result.unchanged), len(result.refused)],
        "changed": _in_words(result.changed),
        "refused": _in_words(result.refused),
        "before": {
            plan.obligation.pk: (plan.obligation.version, {name: before for name, (before, _) in plan.changes.items()})
            for plan in result.changed
        },
        "query": query.urlencode(),
        "token": token,
    }
    cache.set(_key(token), kept, SECONDS)
    return token


def _kept(request: SignedInRequest, access: Access, token: str) -> dict[str, Any]:
    kept: dict[str, Any] | None = cache.get(_key(token))
    if kept is None or (kept["by"], kept["at"]) != (request.user.pk, access.project.pk):
        raise Http404("No such change, or it is too old or taken back already")
    return kept


def _key(token: str) -> str:
    return f"bulk-{token}"


def _register(access: Access) -> str:
    return reverse("register", args=[access.project.code])


def _obligations(number: int) -> str:
    return f"{number} obligation{'' if number == 1 else 's'}"
