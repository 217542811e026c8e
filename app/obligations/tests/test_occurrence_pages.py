"""The pages of an obligation's occurrences, and what people do there without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from accounts.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obligations.models import Obligation, Occurrence
from obligations.services.occurrences import occurrence_assign
from obligations.services.rules import rule_set

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def occurrence(manager: User) -> Occurrence:
    """What is due next of an obligation that nobody has worked on."""
    obligation = Obligation.objects.get(mechanism__short="MS1234", number="6-2(3)")
    rule_set(
        actor=manager,
        obligation=obligation,
        values={"basis": "fixed", "anchor_date": "2026-12-05", "interval": 1, "unit": "month"}
        | {"roll_policy": "next_business_day", "anchor_date": _day("2026-12-05")},
    )
    found = obligation.occurrences.filter(state="open", due_date__gte=_day("2026-11-23")).order_by("due_date").first()
    assert found is not None
    return found


def _day(text: str) -> Any:
    return date.fromisoformat(text)


def _do(client: Client, person: User, occurrence: Occurrence, act: str, **values: Any) -> Response:
    client.force_login(person)
    occurrence.refresh_from_db()
    sent = {"version": occurrence.version, **values}
    return client.post(f"{occurrence.get_absolute_url()}{act}/", sent)


def _offered(client: Client, person: User, occurrence: Occurrence) -> set[str]:
    client.force_login(person)
    return {name for name, _, _ in client.get(occurrence.get_absolute_url()).context["acts"]}


def test_a_due_date_that_rolled_is_explained(client: Client, viewer: User, occurrence: Occurrence) -> None:
    client.force_login(viewer)
    page = client.get(occurrence.get_absolute_url()).content.decode()
    assert "Monday 7 December 2026" in page
    assert "The rule says Saturday 5 December 2026" in page


def test_each_is_offered_what_they_may_do_now(
    client: Client, manager: User, viewer: User, contributor: User, approver: User, *, occurrence: Occurrence
) -> None:
    everything = {"start", "assign", "submit", "close", "extend", "snooze", "cancel"}
    assert _offered(client, manager, occurrence) == everything
    assert _offered(client, viewer, occurrence) == set()
    assert _offered(client, approver, occurrence) == {"close"}
    assert _offered(client, contributor, occurrence) == set()
    occurrence_assign(
        actor=manager, occurrence=occurrence, assigned_to=contributor, expected_version=occurrence.version
    )
    assert _offered(client, contributor, occurrence) == {"start", "submit", "snooze"}


def test_who_may_not_is_refused_and_a_stranger_finds_nothing(
    client: Client, viewer: User, contributor: User, stranger: User, occurrence: Occurrence
) -> None:
    assert _do(client, viewer, occurrence, "start").status_code == 403
    assert _do(client, contributor, occurrence, "start").status_code == 403
    assert _do(client, stranger, occurrence, "start").status_code == 404
    assert client.get(occurrence.get_absolute_url()).status_code == 404
    occurrence.refresh_from_db()
    assert occurrence.state == "open"


def test_work_goes_from_start_to_review_to_close(
    client: Client, manager: User, contributor: User, occurrence: Occurrence
) -> None:
    assert _do(client, manager, occurrence, "assign", assigned_to=contributor.pk).status_code == 302
    assert _do(client, contributor, occurrence, "start").status_code == 302
    done = {"completed_on": "2026-11-20", "result": "compliant", "note": "Walked the fence."}
    assert _do(client, contributor, occurrence, "submit", **done).status_code == 302
    occurrence.refresh_from_db()
    assert (occurrence.state, occurrence.submitted_by) == ("submitted", contributor)
    assert _offered(client, manager, occurrence) == {"close", "return", "extend", "cancel"}
    assert _do(client, manager, occurrence, "close", **done).status_code == 302
    occurrence.refresh_from_db()
    assert (occurrence.state, occurrence.result, occurrence.closed_by) == ("closed", "compliant", manager)
    assert _offered(client, manager, occurrence) == {"reopen"}
    page = client.get(occurrence.get_absolute_url()).content.decode()
    for said in ("Occurrence: assign", "Occurrence: start", "Occurrence: submit", "Occurrence: close"):
        assert said in page
    assert page.index("Occurrence: close") < page.index("Occurrence: submit") < page.index("Occurrence: start")


@pytest.mark.parametrize(
    ("act", "values", "state"),
    [
        ("start", {}, "open"),
        ("close", {"completed_on": "2026-11-20", "result": "compliant"}, "in_progress"),
        ("cancel", {"reason": "The plant was sold."}, "open"),
    ],
)
def test_what_can_be_taken_back_is_offered_to_be(
    client: Client, manager: User, occurrence: Occurrence, *, act: str, values: dict[str, str], state: str
) -> None:
    _do(client, manager, occurrence, act, **values)
    (message,) = client.get(occurrence.get_absolute_url()).context["messages"]
    assert client.post(message.extra_tags).status_code == 302
    occurrence.refresh_from_db()
    assert occurrence.state == state
    assert client.post(message.extra_tags).status_code == 302
    assert "so it stays as it is" in client.get(occurrence.get_absolute_url()).content.decode()


def test_an_assignment_is_taken_back_to_whom_it_was_given_before(
    client: Client, manager: User, contributor: User, occurrence: Occurrence
) -> None:
    _do(client, manager, occurrence, "assign", assigned_to=contributor.pk)
    client.get(occurrence.get_absolute_url())
    _do(client, manager, occurrence, "assign", assigned_to="")
    (message,) = client.get(occurrence.get_absolute_url()).context["messages"]
    client.post(message.extra_tags)
    occurrence.refresh_from_db()
    assert occurrence.assigned_to == contributor


def test_an_extension_keeps_and_shows_the_date_before(client: Client, manager: User, occurrence: Occurrence) -> None:
    granted = {"granted_by": "A. Officer, EPA Services", "reference": "DWER-17", "reason": "Flood"}
    assert _do(client, manager, occurrence, "extend", new_date="2026-12-01", **granted).status_code == 422
    assert _do(client, manager, occurrence, "extend", new_date="2027-01-15", **granted).status_code == 302
    page = client.get(occurrence.get_absolute_url()).content.decode()
    for said in ("15 January 2027", "7 December 2026", "A. Officer, EPA Services", "DWER-17", "Flood"):
        assert said in page


def test_an_internal_target_moves_no_due_date(client: Client, manager: User, occurrence: Occurrence) -> None:
    assert _do(client, manager, occurrence, "snooze", target_date="2026-12-08").status_code == 422
    assert _do(client, manager, occurrence, "snooze", target_date="2026-12-01").status_code == 302
    occurrence.refresh_from_db()
    assert (str(occurrence.target_date), str(occurrence.due_date)) == ("2026-12-01", "2026-12-07")


def test_what_is_missing_is_named_and_nothing_is_lost(client: Client, manager: User, occurrence: Occurrence) -> None:
    response = _do(client, manager, occurrence, "close", completed_on="2027-01-01", note="Do not lose me")
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page
    assert "Choose the outcome." in page
    assert "Do not lose me" in page
    assert _do(client, manager, occurrence, "cancel", reason=" ").status_code == 422


def test_who_comes_second_sees_both_versions(client: Client, manager: User, occurrence: Occurrence) -> None:
    version = occurrence.version
    _do(client, manager, occurrence, "start")
    response = _do(client, manager, occurrence, "cancel", version=version, reason="Nobody asked for it")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else changed this" in page
    assert "Occurrence: start" in page
    assert "Nobody asked for it" in page
    occurrence.refresh_from_db()
    assert occurrence.state == "in_progress"
    again = response.context["failed"]["version"].value()
    assert _do(client, manager, occurrence, "cancel", version=again, reason="Nobody asked").status_code == 302


def test_a_cancellation_asks_by_name_first(client: Client, manager: User, occurrence: Occurrence) -> None:
    client.force_login(manager)
    page = client.get(f"{occurrence.get_absolute_url()}cancel/").content.decode()
    assert f"Cancel it: {occurrence}?" in page
    assert '<details class="act" id="cancel" open>' in page


def test_queries_do_not_grow_with_what_there_is(client: Client, manager: User, occurrence: Occurrence) -> None:
    client.force_login(manager)
    pages = [occurrence.get_absolute_url(), occurrence.obligation.get_absolute_url()]

    def numbers() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(page)
            found.append(len(queries))
        return found

    few = {"text": "First @manager@example.com"}
    address = f"{occurrence.obligation.get_absolute_url()}comment/?occurrence={occurrence.pk}"
    client.post(address, few)
    client.get(pages[0])
    before = numbers()
    for number in range(12):
        client.post(address, {"text": f"Again {number} @manager@example.com"})
    client.get(pages[0])
    assert numbers() == before
