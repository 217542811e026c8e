"""The pages of inspections, non-compliances and corrective actions open, and stay shut to those who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from accounts.models import User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from registers.access import access_or_404
from registers.models import Project

from obligations.models import Answer, ChecklistItem, CorrectiveAction, Inspection, NonCompliance, Obligation
from obligations.views.findings import findings_panel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


def embankment(project: Project) -> Obligation:
    return project.obligations.get(mechanism__short="L9876", number="12(a)")


PAGES: dict[str, Callable[[Project], str]] = {
    "inspections": lambda project: reverse("inspection_list", args=[project.code]),
    "overdue": lambda project: reverse("inspection_list", args=[project.code]) + "?show=overdue",
    "with findings": lambda project: reverse("inspection_list", args=[project.code]) + "?show=findings",
    "of one obligation": lambda project: (
        reverse("inspection_list", args=[project.code]) + f"?obligation={embankment(project).pk}&show=performed"
    ),
    "performed": lambda project: project.inspections.performed()[0].get_absolute_url(),
    "planned": lambda project: project.inspections.planned()[0].get_absolute_url(),
    "checklist": lambda project: reverse("checklist", args=[project.code, embankment(project).pk]),
    "non-compliances": lambda project: reverse("non_compliance_list", args=[project.code]),
    "to notify": lambda project: reverse("non_compliance_list", args=[project.code]) + "?show=to_notify",
    "non-compliance": lambda project: project.non_compliances.get(number=1).get_absolute_url(),
    "potential": lambda project: project.non_compliances.get(number=2).get_absolute_url(),
    "corrective actions": lambda project: reverse("corrective_action_list", args=[project.code]),
    "corrective action": lambda project: CorrectiveAction.objects.all()[0].get_absolute_url(),
}
TO_CHANGE: dict[str, Callable[[Project], str]] = {
    "plan": lambda project: reverse("inspection_add", args=[project.code]) + f"?obligation={embankment(project).pk}",
    "plan, to be picked": lambda project: reverse("inspection_add", args=[project.code]),
    "plan anew": lambda project: reverse(
        "inspection_edit",
        args=[project.code, project.inspections.planned().get().pk],
    ),
    "reword": lambda project: reverse(
        "checklist_item_edit",
        args=[project.code, embankment(project).checklist.all()[0].pk],
    ),
    "edit": lambda project: reverse("non_compliance_edit", args=[project.code, project.non_compliances.all()[0].pk]),
    "add an action": lambda project: reverse(
        "corrective_action_add", args=[project.code, project.non_compliances.all()[0].pk]
    ),
    "edit an action": lambda project: reverse(
        "corrective_action_edit", args=[project.code, CorrectiveAction.objects.filter(closed_at=None)[0].pk]
    ),
}
TO_RAISE: dict[str, Callable[[Project], str]] = {
    "raise": lambda project: (
        reverse("non_compliance_add", args=[project.code]) + f"?obligation={embankment(project).pk}"
    ),
    "raise, to be picked": lambda project: reverse("non_compliance_add", args=[project.code]) + "?q=freeboard",
    "perform": lambda project: reverse(
        "inspection_perform",
        args=[project.code, project.inspections.planned().get().pk],
    ),
}


@pytest.mark.parametrize(
    "page", [*PAGES.values(), *TO_CHANGE.values(), *TO_RAISE.values()], ids=[*PAGES, *TO_CHANGE, *TO_RAISE]
)
def test_every_page_opens_for_a_manager_and_is_hidden_from_strangers(
    client: Client, project: Project, manager: User, stranger: User, page: Callable[[Project], str]
) -> None:
    address = page(project)
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(manager)
    assert client.get(address).status_code == 200


def test_pages_that_change_or_raise_ask_for_the_permission(client: Client, project: Project, viewer: User) -> None:
    client.force_login(viewer)
    for page in PAGES.values():
        assert client.get(page(project)).status_code == 200
    for page in (*TO_CHANGE.values(), *TO_RAISE.values()):
        assert client.get(page(project)).status_code == 403


def test_an_auditor_performs_and_raises_but_plans_nothing(client: Client, project: Project, auditor: User) -> None:
    client.force_login(auditor)
    for page in TO_RAISE.values():
        assert client.get(page(project)).status_code == 200
    for page in TO_CHANGE.values():
        assert client.get(page(project)).status_code == 403


@pytest.mark.parametrize(
    "name", ["inspections", "performed", "non-compliances", "non-compliance", "corrective actions"]
)
def test_pages_cost_the_same_number_of_queries_however_much_there_is(
    client: Client, project: Project, manager: User, name: str
) -> None:
    client.force_login(manager)
    address = PAGES[name](project)
    before = _queries(client, address)
    _multiply(project, manager)
    assert _queries(client, address) == before


def test_the_form_on_site_costs_the_same_however_long_the_checklist(
    client: Client, project: Project, manager: User
) -> None:
    client.force_login(manager)
    address = TO_RAISE["perform"](project)
    before = _queries(client, address)
    for number in range(20):
        ChecklistItem.objects.create(obligation=embankment(project), position=50 + number, text=f"Question {number}")
    assert _queries(client, address) == before


def test_a_list_is_paged(client: Client, project: Project, manager: User) -> None:
    for _ in range(6):
        _multiply(project, manager)
    client.force_login(manager)
    address = PAGES["non-compliances"](project)
    assert "Page 1 of 2" in client.get(address).content.decode()
    last = client.get(address, {"page": "99"})
    assert "Page 2 of 2" in last.content.decode()
    assert "NC-001" in last.content.decode()


def test_the_list_counts_its_parts_and_narrows_to_an_obligation(
    client: Client, project: Project, manager: User
) -> None:
    client.force_login(manager)
    address = reverse("non_compliance_list", args=[project.code])
    tabs = {tab.key: tab.number for tab in client.get(address).context["tabs"]}
    assert tabs == {"open": 2, "to_notify": 1, "potential": 1, "closed": 0, "dismissed": 0, "all": 2}
    heritage = project.non_compliances.get(number=1).obligation
    page = client.get(address, {"obligation": heritage.pk}).content.decode()
    assert "NC-001" in page
    assert "NC-002" not in page.replace("Wandoo", "")
    assert client.get(address, {"obligation": "x"}).status_code == 404


def test_an_obligation_shows_what_was_inspected_and_found(project: Project, manager: User) -> None:
    context = {"project": project, "obligation": embankment(project), "today": project.today}
    panel = findings_panel(access_or_404(manager, project.code), embankment(project))
    page = render_to_string("obligations/_findings.html", {**context, "findings": panel})
    for words in ("16 November 2026", "1 finding", "Checklist, 6 questions", "Inspect now", "Plan one", "Raise one"):
        assert words in page
    heritage = project.non_compliances.get(number=1).obligation
    panel = findings_panel(access_or_404(manager, project.code), heritage)
    page = render_to_string("obligations/_findings.html", {**context, "obligation": heritage, "findings": panel})
    for words in ("NC-001", "Told in time", "Let nobody start within 50 m", "Overdue"):
        assert words in page


def _queries(client: Client, address: str) -> int:
    client.get(address)  # what the first request finds out once, such as the session
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def _multiply(project: Project, manager: User) -> None:
    """Add ten of everything."""
    duty, today = embankment(project), project.today
    first = project.inspections.performed().first()
    assert first
    heritage = project.non_compliances.get(number=1)
    last = project.non_compliances.count()
    for number in range(1, 11):
        Inspection.objects.create(project=project, obligation=duty, planned_on=today, inspector=manager)
        Answer.objects.create(inspection=first, position=20 + number, question="And?", result="finding", note="There")
        NonCompliance.objects.create(
            project=project,
            obligation=duty,
            number=last + number,
            kind="non_compliant",
            title="Once more",
            description="Again",
            aware_on=today,
        )
        CorrectiveAction.objects.create(non_compliance=heritage, description="Do", owner=manager, due_on=today)


def test_the_list_counts_its_parts(client: Client, project: Project, manager: User) -> None:
    Inspection.objects.create(project=project, obligation=embankment(project), planned_on=date(2026, 11, 20))
    client.force_login(manager)
    address = reverse("inspection_list", args=["WRL"])
    tabs = {tab.key: tab.number for tab in client.get(address).context["tabs"]}
    assert tabs == {"planned": 2, "overdue": 1, "performed": 3, "findings": 1, "cancelled": 0}
    page = client.get(address, {"show": "findings"}).content.decode()
    assert "1 finding" in page
    assert "16 November 2026" in page
    assert "19 November 2026" not in page
