"""A corrective action is done, checked for its effect, and closed only when it works or another takes its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from accounts.models import User
from audit.models import AuditEvent
from audit.services import name_of
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from registers.models import Project

from obligations.models import CorrectiveAction, NonCompliance
from obligations.services.corrective_actions import (
    corrective_action_add,
    corrective_action_close,
    corrective_action_complete,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def heritage(project: Project) -> NonCompliance:
    return project.non_compliances.get(number=1)


@pytest.fixture
def mine(heritage: NonCompliance, manager: User, contributor: User) -> CorrectiveAction:
    """An action that a responsible person owns."""
    values = {"description": "Rope off the place", "owner": contributor, "due_on": date(2026, 11, 30)}
    return corrective_action_add(actor=manager, non_compliance=heritage, values=values)


def act(row: CorrectiveAction, name: str) -> str:
    return reverse("corrective_action_act", args=["WRL", row.pk, name])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def complete(client: Client, row: CorrectiveAction, **more: Any) -> Any:
    data = {"version": row.version, "completed_on": "2026-11-21", "completion_note": "Roped off", **more}
    return client.post(act(row, "complete"), data)


def check(client: Client, row: CorrectiveAction, works: str, **more: Any) -> Any:
    row.refresh_from_db()
    data = {"version": row.version, "check_on": "2026-11-23", "is_effective": works, "check_note": "Looked", **more}
    return client.post(act(row, "check"), data)


def test_an_action_is_added_with_its_owner_and_day(
    client: Client, heritage: NonCompliance, manager: User, contributor: User
) -> None:
    client.force_login(manager)
    address = reverse("corrective_action_add", args=["WRL", heritage.pk])
    values = {"description": "Rope off the place", "owner": contributor.pk, "due_on": "2026-11-30"}
    assert client.post(address, values).status_code == 302
    row = CorrectiveAction.objects.get(description="Rope off the place")
    assert (row.owner, row.due_on) == (contributor, date(2026, 11, 30))
    event = AuditEvent.objects.get(action="corrective_action.add")
    assert (event.subject, event.topic) == (name_of(row), name_of(heritage.obligation))
    assert "Rope off the place" in text_of(client.get(heritage.get_absolute_url()))


def test_what_is_missing_or_cannot_be_is_said_and_nothing_is_lost(
    client: Client, heritage: NonCompliance, manager: User
) -> None:
    client.force_login(manager)
    address = reverse("corrective_action_add", args=["WRL", heritage.pk])
    response = client.post(address, {"description": "Rope", "due_on": ""})
    assert response.status_code == 422
    assert "Enter the day by which it is to be done." in text_of(response)
    assert "Rope" in text_of(response)
    response = client.post(address, {"description": "Rope", "due_on": "2026-11-30", "check_on": "2026-11-29"})
    assert "Its effect shows after it is done" in text_of(response)


def test_work_is_given_to_people_of_the_project_alone(heritage: NonCompliance, manager: User, stranger: User) -> None:
    values = {"description": "Rope", "owner": stranger, "due_on": date(2026, 11, 30)}
    with pytest.raises(ValidationError, match="does not belong"):
        corrective_action_add(actor=manager, non_compliance=heritage, values=values)


def test_an_action_of_somebody_who_left_can_still_be_changed(
    client: Client, mine: CorrectiveAction, contributor: User, manager: User
) -> None:
    contributor.project_memberships.all().delete()
    client.force_login(manager)
    address = reverse("corrective_action_edit", args=["WRL", mine.pk])
    form = client.get(address).context["form"]
    opened = {name: form[name].value() or "" for name in form.fields}
    opened |= {f"initial-{name}": value for name, value in opened.items()}
    assert client.post(address, {**opened, "due_on": "2026-12-05"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.owner, mine.due_on) == (contributor, date(2026, 12, 5))


def test_its_owner_completes_it_and_cannot_check_it(client: Client, mine: CorrectiveAction, contributor: User) -> None:
    client.force_login(contributor)
    page = text_of(client.get(mine.get_absolute_url()))
    assert "Complete" in page
    assert complete(client, mine).status_code == 302
    mine.refresh_from_db()
    assert (mine.completed_on, mine.completion_note) == (date(2026, 11, 21), "Roped off")
    assert check(client, mine, "yes").status_code == 403
    assert "Effect to be checked" in text_of(client.get(mine.get_absolute_url()))


def test_a_responsible_person_completes_only_their_own(
    client: Client, heritage: NonCompliance, contributor: User
) -> None:
    other = heritage.actions.get(closed_at=None)
    client.force_login(contributor)
    assert complete(client, other).status_code == 403
    assert client.get(other.get_absolute_url()).status_code == 200
    with pytest.raises(PermissionDenied):
        corrective_action_complete(
            actor=contributor,
            corrective_action=other,
            completed_on=date(2026, 11, 21),
            completion_note="",
            expected_version=1,
        )


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("auditor", 403), ("stranger", 404)])
def test_others_change_nothing(
    client: Client, mine: CorrectiveAction, request: pytest.FixtureRequest, role: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert complete(client, mine).status_code == status
    for name in ("check", "close", "reopen"):
        assert client.post(act(mine, name), {"version": 1}).status_code == status
    edit = reverse("corrective_action_edit", args=["WRL", mine.pk])
    assert client.post(edit, {"description": "x", "due_on": "2026-11-30"}).status_code == status
    add = reverse("corrective_action_add", args=["WRL", mine.non_compliance_id])
    assert client.post(add, {"description": "x", "due_on": "2026-11-30"}).status_code == status


def test_what_works_is_closed_by_the_check(client: Client, mine: CorrectiveAction, approver: User) -> None:
    client.force_login(approver)
    assert check(client, mine, "yes").status_code == 422  # not completed yet
    complete(client, mine)
    assert check(client, mine, "yes", check_on="2026-11-20").status_code == 422
    assert check(client, mine, "yes", check_on="2026-11-24").status_code == 422
    assert check(client, mine, "yes", check_note=" ").status_code == 422
    assert check(client, mine, "").status_code == 422
    assert check(client, mine, "yes").status_code == 302
    mine.refresh_from_db()
    assert (mine.is_effective, mine.checked_by, mine.closed_by) == (True, approver, approver)
    assert mine.closed_at is not None


def test_what_does_not_work_stays_open_and_asks_for_another(
    client: Client, mine: CorrectiveAction, manager: User
) -> None:
    client.force_login(manager)
    complete(client, mine)
    assert check(client, mine, "no", check_note="The rope was cut").status_code == 302
    mine.refresh_from_db()
    assert (mine.is_effective, mine.closed_at) == (False, None)
    page = client.get(mine.get_absolute_url()).content.decode()
    instead = reverse("corrective_action_add", args=["WRL", mine.non_compliance_id]) + f"?instead={mine.pk}"
    assert instead in page
    assert instead in client.get(mine.non_compliance.get_absolute_url()).content.decode()
    close = {"version": mine.version, "reason": "Replaced"}
    response = client.post(act(mine, "close"), close)
    assert "add the action that takes its place first" in text_of(response)
    form = client.get(instead).context["form"]
    assert "Rope off the place" in form["description"].value()
    assert "not effective on 23 November 2026" in form["description"].value()
    new = {"description": form["description"].value() + "a fence.", "due_on": "2026-12-10"}
    assert client.post(instead, new).status_code == 302
    assert client.post(act(mine, "close"), close).status_code == 302
    mine.refresh_from_db()
    assert mine.closed_at is not None


def test_closing_without_a_check_is_refused(client: Client, mine: CorrectiveAction, manager: User) -> None:
    client.force_login(manager)
    complete(client, mine)
    with pytest.raises(ValidationError, match="Check first whether it works"):
        corrective_action_close(actor=manager, corrective_action=mine, reason="x", expected_version=2)


def test_a_closed_one_is_reopened_for_a_reason(client: Client, mine: CorrectiveAction, manager: User) -> None:
    client.force_login(manager)
    complete(client, mine)
    check(client, mine, "yes")
    mine.refresh_from_db()
    edit = reverse("corrective_action_edit", args=["WRL", mine.pk])
    assert client.post(edit, {"description": "x", "due_on": "2026-11-30"}).status_code == 422
    assert client.post(act(mine, "reopen"), {"version": mine.version, "reason": ""}).status_code == 422
    assert client.post(act(mine, "reopen"), {"version": mine.version, "reason": "It fell"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.completed_on, mine.is_effective, mine.closed_at, mine.check_note) == (None, None, None, "")


def test_whoever_acts_second_sees_what_is_stored(client: Client, mine: CorrectiveAction, manager: User) -> None:
    client.force_login(manager)
    complete(client, mine)
    response = complete(client, mine, completion_note="I did it")
    page = text_of(response)
    assert response.status_code == 409
    assert "Somebody else changed this" in page
    assert "Roped off" in page
    assert "I did it" in page


def test_a_day_to_come_is_refused(client: Client, mine: CorrectiveAction, manager: User) -> None:
    client.force_login(manager)
    response = complete(client, mine, completed_on="2026-11-24")
    assert response.status_code == 422
    assert "still to come" in text_of(response)
    assert "Roped off" in text_of(response)


def test_the_list_shows_what_is_late_and_what_is_mine(
    client: Client, mine: CorrectiveAction, contributor: User
) -> None:
    client.force_login(contributor)
    address = reverse("corrective_action_list", args=["WRL"])
    page = client.get(address)
    tabs = {tab.key: tab.number for tab in page.context["tabs"]}
    assert tabs == {"open": 2, "overdue": 1, "mine": 1, "to_check": 0, "closed": 1}
    assert "3 days ago" in text_of(client.get(address, {"show": "overdue"}))
    own = client.get(address, {"show": "mine"}).context["page"].object_list
    assert list(own) == [mine]
