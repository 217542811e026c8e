"""The pages of inspections, non-compliances and corrective actions open, and stay shut to those who may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from accounts.models import User
from django.test import Client
from django.urls import reverse
from registers.models import Project

from obligations.models import CorrectiveAction, Obligation

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
    "performed": lambda project: project.inspections.performed().first().get_absolute_url(),  # type: ignore[union-attr]
    "planned": lambda project: project.inspections.planned().first().get_absolute_url(),  # type: ignore[union-attr]
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
