"""What the pages of inspections, non-compliances and corrective actions have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from audit.models import AuditEvent
from audit.services import name_of
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from registers.access import Access, access_or_404

from obligations.clock import Clock
from obligations.forms.findings import ActForm
from obligations.models import CorrectiveAction, Inspection, NonCompliance, Obligation
from obligations.querysets import ObligationQuerySet

PAGE_SIZE = 50
OFFERED = 20
SHOWN = 5


class Tab(NamedTuple):
    """One part of a list: its name in the address, its words, how many rows it has."""

    key: str
    label: str
    number: int


@dataclass(frozen=True)
class Act:
    """Something that can be done to a row on its page.

    Args:
        form: what it asks for.
        service: does it; takes the actor, the row by name, and what the form asks for.
        button: what its button says.
        said: what is said when it is done; `{}` stands for the row.
    """

    form: type[ActForm]
    service: Callable[..., models.Model]
    button: str
    said: str


def tabbed(
    request: SignedInRequest, rows: Mapping[str, tuple[str, models.QuerySet[Any]]], order: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return a template's context for a list in parts: the tabs with their numbers, and a page of the part shown.

    Args:
        request: its `show` names the part and its `page` the page.
        rows: words and rows of each part, by its name in the address; the first is shown if none is named.
        order: sorts a part and fetches what its table shows.
    """
    shown = request.GET.get("show", "")
    if shown not in rows:
        shown = next(iter(rows))
    return {
        "tabs": [Tab(key, label, part.count()) for key, (label, part) in rows.items()],
        "shown": shown,
        "page": page_of(request, order(rows[shown][1])),
    }


def page_of(request: SignedInRequest, rows: models.QuerySet[Any]) -> Page[Any]:
    """Return the page of the rows that the address asks for; the nearest that there is."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def number_in(request: SignedInRequest, name: str) -> int | None:
    """Return the key that the address gives under that name; None if it gives none.

    Raises:
        Http404: what it gives is no key.
    """
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404(f"No such {name}")
    return int(text)


def obligation_or_404(request: SignedInRequest, code: str, pk: int) -> tuple[Access, Obligation]:
    """Return the person's access to the project, and an obligation of it."""
    access = access_or_404(request.user, code)
    return access, obligation_in(access, pk)


def obligation_in(access: Access, pk: int) -> Obligation:
    """Return an obligation of the project for its page, or a part of it.

    Raises:
        Http404: the project has no such obligation.
    """
    return get_object_or_404(Obligation.objects.filter(project=access.project).for_page(), pk=pk)


def pick_page(request: SignedInRequest, access: Access, title: str, offered: ObligationQuerySet) -> HttpResponse:
    """Ask which obligation something is about: by words, or from those that are offered.

    Args:
        request: its `q` holds the words.
        access: to the project.
        title: what the obligation is wanted for.
        offered: what is listed while no words are given.
    """
    words = request.GET.get("q", "").strip()
    found = Obligation.objects.search(words, access.project) if words else offered
    context = {
        "project": access.project,
        "title": title,
        "words": words,
        "found": found.for_table()[:OFFERED],
        "number": OFFERED,
    }
    return render(request, "obligations/findings_pick.html", context)


def last_event(row: models.Model) -> AuditEvent | None:
    """Return what was done to a row last."""
    return AuditEvent.objects.filter(subject=name_of(row)).order_by("-sequence").first()


@dataclass(frozen=True)
class FindingsPanel:
    """What `obligations/_findings.html` shows of one obligation."""

    inspections: list[tuple[Inspection, bool]]
    inspection_count: int
    questions: int
    non_compliances: list[tuple[NonCompliance, Clock | None]]
    non_compliance_count: int
    actions: list[tuple[CorrectiveAction, bool]]
    may_schedule: bool
    may_perform: bool
    may_raise: bool


def findings_panel(access: Access, obligation: Obligation) -> FindingsPanel:
    """Return the part of an obligation's page that shows what was inspected and what was found.

    The page says `{% include "obligations/_findings.html" %}` with this as `findings`, beside `project`, `obligation`
    and `today`.
    """
    today = access.project.today
    inspections = list(obligation.inspections.for_table().order_by("-planned_on", "-pk")[:SHOWN])
    # What is open first, then what was raised last.
    raised = obligation.non_compliances.for_table().order_by(F("closed_at").asc(nulls_first=True), "-number")
    non_compliances = list(raised[:SHOWN])
    actions = CorrectiveAction.objects.filter(non_compliance__obligation=obligation, closed_at=None).for_page()
    return FindingsPanel(
        inspections=[(row, row.is_overdue(today)) for row in inspections],
        inspection_count=_number(inspections, obligation.inspections),
        questions=obligation.checklist.filter(is_current=True).count(),
        non_compliances=[(row, Clock.of(row, today)) for row in non_compliances],
        non_compliance_count=_number(non_compliances, obligation.non_compliances),
        actions=[(action, action.is_overdue(today)) for action in actions[:SHOWN]] if non_compliances else [],
        may_schedule=access.may("inspection.schedule"),
        may_perform=access.may("inspection.perform"),
        may_raise=access.may("noncompliance.raise"),
    )


def _number(shown: list[Any], rows: models.Manager[Any]) -> int:
    """Return how many rows there are; they are counted only when more may be than are shown."""
    return len(shown) if len(shown) < SHOWN else rows.count()
