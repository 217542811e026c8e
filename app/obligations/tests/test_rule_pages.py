"""Saying in the browser when an obligation falls due, and adding and ending one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from accounts.models import User
from audit.models import AuditEvent
from django.test import Client
from registers.models import Mechanism, Milestone

from obligations.models import Obligation, RecurrenceRule
from obligations.services.rules import rule_set

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def obligation(client: Client, manager: User) -> Obligation:
    """A new one, without a rule; its manager is signed in."""
    client.force_login(manager)
    client.post("/projects/WRL/obligations/add/", _new())
    return Obligation.objects.get(number="99")


def _new(**more: Any) -> dict[str, Any]:
    mechanism = Mechanism.objects.get(short="MS1234")
    return {"mechanism": mechanism.pk, "number": "99", "requirement": "Keep the fence whole."} | more


def _rule(client: Client, obligation: Obligation, *, action: str = "save", **values: Any) -> Response:
    address = f"{obligation.get_absolute_url()}recurrence/"
    opened = client.get(address).context["form"]["opened"].value()
    return client.post(address, {"opened": opened, "action": action, **values})


def test_a_new_obligation_leads_to_its_recurrence(client: Client, manager: User) -> None:
    client.force_login(manager)
    response = client.post("/projects/WRL/obligations/add/", _new())
    obligation = Obligation.objects.get(number="99")
    assert response.headers["Location"] == f"{obligation.get_absolute_url()}recurrence/"
    assert "reminds nobody" in client.get(obligation.get_absolute_url()).content.decode()
    again = client.post("/projects/WRL/obligations/add/", _new(title="Do not lose me"))
    assert again.status_code == 422
    assert "already has an obligation 99" in again.content.decode()
    assert "Do not lose me" in again.content.decode()


def test_only_who_may_adds_and_changes(client: Client, viewer: User, stranger: User, obligation: Obligation) -> None:
    pages = ["recurrence/", "suspend/", "retire/", "trigger/", "edit/"]
    for person, status in ((viewer, 403), (stranger, 404)):
        client.force_login(person)
        assert client.get("/projects/WRL/obligations/add/").status_code == status
        for page in pages:
            assert client.get(obligation.get_absolute_url() + page).status_code == status


EVERY: dict[str, Any] = {"interval": 1, "unit": "month", "end": "never"}


@pytest.mark.parametrize(
    ("values", "words", "first"),
    [
        ({"basis": "one_off", "anchor_date": "2027-03-01"}, "Once, on 1 March 2027", date(2027, 3, 1)),
        ({"basis": "fixed", "anchor_date": "2026-12-31", "eom": "on", **EVERY}, "last day of the month", None),
        (
            {"basis": "fixed", "anchor_date": "2026-12-01", "weekdays": ["MO"], "nth_weekday": "1", **EVERY},
            "on the first Monday",
            date(2026, 12, 7),
        ),
        (
            {"basis": "fixed", "anchor_date": "2026-12-01", "months": ["3", "9"], **EVERY},
            "in March, September",
            date(2027, 3, 1),
        ),
        (
            {"basis": "fixed", "anchor_date": "2026-12-31", "lag_value": "1", "lag_unit": "month", **EVERY},
            "1 month after its end",
            date(2027, 1, 31),
        ),
        (
            {"basis": "fixed", "anchor_date": "2026-12-31", "lag_month": "3", "lag_day": "31", **EVERY, "interval": 12},
            "on 31 March after it",
            date(2027, 3, 31),
        ),
        ({"basis": "after_completion", "anchor_date": "2026-12-01", **EVERY}, "after it was last done", None),
        ({"basis": "continuous", "anchor_date": "2026-11-01", **EVERY}, "All the time", None),
        ({"basis": "event", "event": "a spill", "lag_value": "7"}, "7 days after a spill", None),
        ({"basis": "phase_start", "lag_value": "0"}, "On the start of its phase", None),
        ({"basis": "as_required"}, "As required, without a date", None),
    ],
)
def test_every_basis_can_be_looked_at_and_saved(
    client: Client, obligation: Obligation, values: dict[str, Any], words: str, first: date | None
) -> None:
    values = {**values, "roll_policy": "none"}
    shown = _rule(client, obligation, action="preview", **values)
    assert shown.status_code == 200, shown.context["form"].errors
    assert words in shown.content.decode()
    assert not RecurrenceRule.objects.filter(obligation=obligation).exists()
    if first:
        assert shown.context["preview"].slots[0].due == first
    saved = _rule(client, obligation, **values)
    assert saved.status_code == 302
    page = client.get(obligation.get_absolute_url()).content.decode()
    assert words in page
    if first:
        assert obligation.occurrences.order_by("sequence")[0].due_date == first


def test_the_preview_shows_eight_dates_as_they_roll(client: Client, obligation: Obligation) -> None:
    values = {"basis": "fixed", "anchor_date": "2026-12-05", **EVERY, "roll_policy": "next_business_day"}
    response = _rule(client, obligation, action="preview", **values)
    assert len(response.context["preview"].slots) == 8
    assert "Mon 7 December 2026" in response.content.decode()
    assert "rolled from Sat 5 December" in response.content.decode()


def test_what_is_saved_says_which_dates_went_and_came(client: Client, obligation: Obligation) -> None:
    _rule(client, obligation, basis="one_off", anchor_date="2027-03-01", roll_policy="none")
    client.get(obligation.get_absolute_url())
    _rule(client, obligation, basis="one_off", anchor_date="2027-04-01", roll_policy="none", reason="Letter 12")
    page = client.get(obligation.get_absolute_url()).content.decode()
    assert "1 date" in page
    assert "1 April 2027" in page
    assert "Letter 12" in page


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "basis"),
        ({"basis": "fixed", **EVERY}, "anchor_date"),
        ({"basis": "fixed", "anchor_date": "31/31/2026", **EVERY}, "anchor_date"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "interval": "0"}, "interval"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "unit": "week", "eom": "on"}, "eom"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "nth_weekday": "2"}, "weekdays"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "lag_month": "3"}, "lag_day"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "end": "count"}, "end_count"),
        ({"basis": "fixed", "anchor_date": "2026-12-01", **EVERY, "end": "date"}, "end_date"),
    ],
)
def test_what_makes_no_sense_is_named_at_its_field(
    client: Client, obligation: Obligation, values: dict[str, Any], field: str
) -> None:
    response = _rule(client, obligation, **values)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "There is a problem" in response.content.decode()
    assert not RecurrenceRule.objects.filter(obligation=obligation).exists()


def test_what_the_basis_does_not_use_is_not_looked_at(client: Client, obligation: Obligation) -> None:
    response = _rule(client, obligation, basis="as_required", anchor_date="nonsense", interval="x", lag_day="99")
    assert response.status_code == 302


def test_a_milestone_of_another_project_cannot_be_chosen(client: Client, obligation: Obligation) -> None:
    other = Milestone.objects.exclude(project=obligation.project).first()
    key = other.pk if other else 999_999
    assert _rule(client, obligation, basis="event", milestone=key).status_code == 422


def test_who_saves_a_rule_second_is_told(client: Client, manager: User, obligation: Obligation) -> None:
    address = f"{obligation.get_absolute_url()}recurrence/"
    opened = client.get(address).context["form"]["opened"].value()
    rule_set(actor=manager, obligation=obligation, values={"basis": "one_off", "anchor_date": date(2027, 5, 5)})
    sent = {"opened": opened, "action": "save", "basis": "as_required"}
    response = client.post(address, sent)
    assert response.status_code == 409
    assert "Once, on 5 May 2027" in response.content.decode()
    sent["opened"] = response.context["form"]["opened"].value()
    assert client.post(address, sent).status_code == 302


def test_it_is_suspended_resumed_retired_and_reinstated(client: Client, obligation: Obligation) -> None:
    _rule(client, obligation, basis="fixed", anchor_date="2026-12-01", **EVERY)
    steps = [
        ("suspend", {"starts_on": "2026-11-23", "reason": "Mothballed"}, "suspended"),
        ("resume", {"on": "2027-02-01"}, "active"),
        ("retire", {"reason": "Surrendered"}, "retired"),
        ("reinstate", {"reason": "A mistake"}, "active"),
    ]
    for step, values, lifecycle in steps:
        address = f"{obligation.get_absolute_url()}{step}/"
        version = client.get(address).context["form"]["version"].value()
        bare = client.post(address, {"version": version})
        assert bare.status_code == 422
        assert client.post(address, {"version": version, **values}).status_code == 302
        obligation.refresh_from_db()
        assert obligation.lifecycle == lifecycle
        assert client.post(address, {"version": version, **values}).status_code in {409, 422}
    said = AuditEvent.objects.filter(topic=f"obligation:{obligation.pk}").values_list("reason", flat=True)
    assert {"Mothballed", "Surrendered", "A mistake"} <= set(said)


def test_an_event_is_recorded_and_makes_it_due(client: Client, obligation: Obligation) -> None:
    _rule(client, obligation, basis="event", event="a spill", lag_value="7", roll_policy="none")
    address = f"{obligation.get_absolute_url()}trigger/"
    version = client.get(address).context["form"]["version"].value()
    assert client.post(address, {"version": version, "on": "2026-12-24", "what": "Soon"}).status_code == 422
    response = client.post(address, {"version": version, "on": "2026-11-20", "what": "Diesel at the wash bay"})
    occurrence = obligation.occurrences.get()
    assert response.headers["Location"] == occurrence.get_absolute_url()
    assert occurrence.due_date == date(2026, 11, 27)
    assert "Diesel at the wash bay" in client.get(occurrence.get_absolute_url()).content.decode()
