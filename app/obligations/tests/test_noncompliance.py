"""A non-compliance is raised, told, confirmed or not, acted upon and closed; nothing of it is lost on the way."""

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
from registers.models import DayCount, Holiday, Project

from obligations.models import NonCompliance, Obligation, Unit
from obligations.services import calendar
from obligations.services.corrective_actions import corrective_action_add
from obligations.services.findings import StaleFinding
from obligations.services.noncompliance import (
    non_compliance_change,
    non_compliance_close,
    non_compliance_notify,
    non_compliance_raise,
)

pytestmark = pytest.mark.django_db
Kind, Status = NonCompliance.Kind, NonCompliance.Status
DUST_NOTE = "Dust crossed the boundary\nfor ten minutes."


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def duty(project: Project) -> Obligation:
    return project.obligations.get(mechanism__short="CEMP", number="8.1.2")


@pytest.fixture
def raised(duty: Obligation, manager: User) -> NonCompliance:
    """A potential one, of which the regulator has to be told by 27 November."""
    return raise_one(duty, manager)


def raise_one(duty: Obligation, actor: User, **values: Any) -> NonCompliance:
    given = {
        "kind": Kind.POTENTIAL,
        "title": "Dust over the boundary",
        "description": DUST_NOTE,
        "aware_on": date(2026, 11, 20),
        "notify_value": 7,
        "notify_unit": Unit.DAY,
    }
    return non_compliance_raise(actor=actor, obligation=duty, values={**given, **values})


def entered(**values: Any) -> dict[str, Any]:
    """What the form sends."""
    given = {
        "kind": "non_compliant",
        "title": "Dust over the boundary",
        "description": DUST_NOTE.replace("\n", "\r\n"),
        "aware_on": "2026-11-20",
        "occurred_from": "2026-11-19",
        "medium": "air",
        "is_pollution_incident": "on",
        "incident_reference": "INC-7",
        "location": "North boundary",
        "cause": "Wind",
        "mitigation": "Water carts",
        "prevention": "A wind alarm",
        "notify_value": "7",
        "notify_unit": "day",
        "notify_count": "exclusive",
    }
    return {**given, **values}


def post(client: Client, user: User, address: str, **data: Any) -> Any:
    client.force_login(user)
    return client.post(address, data)


def add_page(duty: Obligation) -> str:
    return reverse("non_compliance_add", args=[duty.project.code]) + f"?obligation={duty.pk}"


def act(row: NonCompliance, name: str) -> str:
    return reverse("non_compliance_act", args=[row.project.code, row.pk, name])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_non_compliance_is_raised_with_all_that_the_regulator_asks_for(
    client: Client, duty: Obligation, contributor: User
) -> None:
    response = post(client, contributor, add_page(duty), **entered(condition=duty.condition_id))
    row = NonCompliance.objects.get(title="Dust over the boundary")
    assert response.status_code == 302
    assert response["Location"] == row.get_absolute_url()
    assert row.reference == "NC-003"
    assert (row.kind, row.status, row.raised_by) == (Kind.CONFIRMED, Status.OPEN, contributor)
    assert (row.aware_on, row.occurred_from) == (date(2026, 11, 20), date(2026, 11, 19))
    assert (row.medium, row.is_pollution_incident, row.incident_reference) == ("air", True, "INC-7")
    assert (row.location, row.cause) == ("North boundary", "Wind")
    assert (row.mitigation, row.prevention) == ("Water carts", "A wind alarm")
    assert row.condition == duty.condition
    assert row.description == DUST_NOTE
    assert row.notification_due == date(2026, 11, 27)
    page = text_of(client.get(row.get_absolute_url()))
    for words in ("NC-003", "4 days left", "Friday 27 November 2026", "INC-7", "North boundary", "A wind alarm"):
        assert words in page


def test_raising_is_in_the_record_where_the_obligation_shows_it(duty: Obligation, raised: NonCompliance) -> None:
    event = AuditEvent.objects.get(action="non_compliance.raise")
    assert (event.subject, event.topic) == (name_of(raised), name_of(duty))
    assert event.changes["aware_on"] == [None, "2026-11-20"]


def test_each_project_counts_from_one_without_gaps(duty: Obligation, manager: User) -> None:
    numbers = [raise_one(duty, manager).number for _ in range(3)]
    assert numbers == [3, 4, 5]


def test_what_cannot_be_is_refused_and_the_input_is_kept(client: Client, duty: Obligation, manager: User) -> None:
    wrong = entered(
        aware_on="2026-11-24", occurred_from="2026-11-25", occurred_to="2026-11-18", is_continuing="on", notify_unit=""
    )
    response = post(client, manager, add_page(duty), **wrong)
    page = text_of(response)
    assert response.status_code == 422
    assert "24 November 2026 is still to come" in page
    assert "It is still continuing" in page
    assert "Choose days, business days, weeks or months." in page
    assert 'value="2026-11-18"' in page
    assert "A wind alarm" in page
    assert not NonCompliance.objects.filter(title="Dust over the boundary").exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"aware_on": date(2026, 11, 24)}, "aware_on"),
        ({"occurred_from": date(2026, 11, 21)}, "occurred_from"),
        ({"occurred_from": date(2026, 11, 19), "occurred_to": date(2026, 11, 18)}, "occurred_to"),
        ({"occurred_to": date(2026, 11, 18)}, "occurred_from"),
        ({"expected_end": date(2026, 12, 1)}, "expected_end"),
        ({"notify_value": 0}, "notify_value"),
        ({"notify_unit": ""}, "notify_unit"),
    ],
)
def test_each_contradiction_names_its_field(
    duty: Obligation, manager: User, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        raise_one(duty, manager, **values)
    assert field in refused.value.message_dict


def test_the_days_are_those_of_the_site(duty: Obligation, manager: User) -> None:
    with time_machine.travel("2026-11-23T17:00:00Z", tick=False):  # the 24th in Perth
        assert raise_one(duty, manager, aware_on=date(2026, 11, 24)).pk


def test_what_belongs_to_another_obligation_is_refused(project: Project, duty: Obligation, manager: User) -> None:
    other = project.obligations.get(mechanism__short="CEMP", number="4.2").occurrences.all()[0]
    with pytest.raises(ValidationError, match="another obligation"):
        raise_one(duty, manager, occurrence=other)


@pytest.mark.parametrize(
    ("role", "answers"),
    [("viewer", (403, 403)), ("approver", (403, 403)), ("auditor", (302, 403)), ("stranger", (404, 404))],
)
def test_roles_decide_who_raises_and_who_changes(
    client: Client, raised: NonCompliance, request: pytest.FixtureRequest, role: str, answers: tuple[int, int]
) -> None:
    raising, changing = answers
    user = request.getfixturevalue(role)
    edit = reverse("non_compliance_edit", args=[raised.project.code, raised.pk])
    assert post(client, user, add_page(raised.obligation), **entered()).status_code == raising
    assert post(client, user, edit, **entered()).status_code == changing
    for name in ("notify", "confirm", "dismiss", "close", "reopen"):
        assert post(client, user, act(raised, name), version=1, reason="x").status_code == changing


def test_a_viewer_reads_and_is_offered_nothing_to_do(client: Client, raised: NonCompliance, viewer: User) -> None:
    client.force_login(viewer)
    page = text_of(client.get(raised.get_absolute_url()))
    assert "Dust over the boundary" in page
    assert "What can be done" not in page
    with pytest.raises(PermissionDenied):
        raise_one(raised.obligation, viewer)


def test_raising_needs_an_obligation_which_is_found_by_words(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    address = reverse("non_compliance_add", args=[project.code])
    assert "CEMP 4.2" in client.get(address).content.decode()
    found = client.get(address, {"q": "freeboard"}).content.decode()
    assert "L9876 12(a)" in found
    assert "CEMP 4.2" not in found
    assert client.get(address, {"obligation": "²"}).status_code == 404
    assert client.get(address, {"obligation": "99999999"}).status_code == 404


def test_the_form_suggests_the_time_limit_of_the_approval(client: Client, duty: Obligation, manager: User) -> None:
    client.force_login(manager)
    form = client.get(add_page(duty)).context["form"]
    assert (form["notify_value"].value(), form["notify_unit"].value()) == (7, "day")


def test_a_missed_occurrence_prefills_what_is_known(client: Client, project: Project, manager: User) -> None:
    missed = project.occurrences.get(obligation__number="21", result="non_compliant")
    client.force_login(manager)
    page = client.get(reverse("non_compliance_add", args=[project.code]) + f"?occurrence={missed.pk}")
    form = page.context["form"]
    assert form["kind"].value() == Kind.CONFIRMED
    assert form["occurrence"].value() == missed.pk
    assert "flooded" in form["description"].value()


def test_telling_the_regulator_stops_the_clock(client: Client, raised: NonCompliance, manager: User) -> None:
    response = post(
        client,
        manager,
        act(raised, "notify"),
        version=1,
        notified_on="2026-11-23",
        notified_how="Email",
        notified_reference="E-1",
    )
    assert response.status_code == 302
    raised.refresh_from_db()
    assert (raised.status, raised.notified_reference) == (Status.NOTIFIED, "E-1")
    assert "Told in time" in text_of(client.get(raised.get_absolute_url()))
    assert AuditEvent.objects.filter(action="non_compliance.notify", subject=name_of(raised)).exists()


def test_telling_it_late_is_flagged_and_stays_so(client: Client, duty: Obligation, manager: User) -> None:
    late = raise_one(duty, manager, aware_on=date(2026, 11, 10))
    client.force_login(manager)
    assert "6 days late" in text_of(client.get(late.get_absolute_url()))
    non_compliance_notify(
        actor=manager,
        non_compliance=late,
        notified_on=date(2026, 11, 19),
        notified_how="Email",
        notified_reference="",
        expected_version=1,
    )
    non_compliance_close(actor=manager, non_compliance=late, closing_note="Done.", expected_version=2)
    page = text_of(client.get(late.get_absolute_url()))
    assert "Told 2 days late" in page
    everything = reverse("non_compliance_list", args=[duty.project.code]) + "?show=all"
    assert "Told 2 days late" in text_of(client.get(everything))


@pytest.mark.parametrize(("day", "words"), [("2026-11-24", "still to come"), ("2026-11-19", "Nobody was aware of it")])
def test_the_regulator_is_told_between_the_first_day_and_today(
    client: Client, raised: NonCompliance, manager: User, day: str, words: str
) -> None:
    sent = {"version": 1, "notified_on": day, "notified_how": "By telephone", "notified_reference": ""}
    response = post(client, manager, act(raised, "notify"), **sent)
    page = text_of(response)
    assert response.status_code == 422
    assert words in page
    assert 'value="By telephone"' in page


def test_the_clock_follows_a_corrected_day(duty: Obligation, raised: NonCompliance, manager: User) -> None:
    changed = non_compliance_change(
        actor=manager, non_compliance=raised, changes={"aware_on": date(2026, 11, 18)}, opened=None
    )
    assert changed.notification_due == date(2026, 11, 25)
    event = AuditEvent.objects.get(action="non_compliance.change")
    assert event.changes["notification_due"] == ["2026-11-27", "2026-11-25"]


def test_the_clock_in_business_days_follows_the_holidays(duty: Obligation, manager: User) -> None:
    row = raise_one(duty, manager, notify_value=3, notify_unit=Unit.BUSINESS_DAY)
    assert row.notification_due == date(2026, 11, 25)
    calendar.holidays_add(actor=manager, project=duty.project, holidays={date(2026, 11, 24): "Regional day"})
    row.refresh_from_db()
    assert row.notification_due == date(2026, 11, 26)
    assert AuditEvent.objects.get(action="non_compliance.recount").changes["notification_due"][1] == "2026-11-26"
    calendar.holiday_remove(actor=manager, holiday=Holiday.objects.get(on=date(2026, 11, 24)))
    row.refresh_from_db()
    assert row.notification_due == date(2026, 11, 25)


def test_days_are_counted_as_the_mechanism_does_unless_it_is_said(duty: Obligation, manager: User) -> None:
    duty.mechanism.day_count = DayCount.INCLUSIVE
    duty.mechanism.save()
    assert raise_one(duty, manager).notification_due == date(2026, 11, 26)
    assert raise_one(duty, manager, notify_count=DayCount.EXCLUSIVE).notification_due == date(2026, 11, 27)


def test_a_potential_one_is_confirmed_or_found_compliant_for_a_reason(
    client: Client, duty: Obligation, raised: NonCompliance, manager: User
) -> None:
    assert post(client, manager, act(raised, "confirm"), version=1, reason=" ").status_code == 422
    assert post(client, manager, act(raised, "confirm"), version=1, reason="Measured").status_code == 302
    raised.refresh_from_db()
    assert raised.kind == Kind.CONFIRMED
    assert post(client, manager, act(raised, "dismiss"), version=2, reason="No").status_code == 422
    other = raise_one(duty, manager)
    assert post(client, manager, act(other, "dismiss"), version=1, reason="Fog, not dust").status_code == 302
    other.refresh_from_db()
    assert (other.status, other.closing_note, other.closed_by) == (Status.DISMISSED, "Fog, not dust", manager)
    assert "No longer needed" in text_of(client.get(other.get_absolute_url()))


def test_closing_waits_for_the_regulator_and_for_the_actions(client: Client, duty: Obligation, manager: User) -> None:
    row = raise_one(duty, manager, notify_value=None, notify_unit="")
    values = {"description": "Water more", "owner": manager, "due_on": date(2026, 12, 1)}
    corrective_action_add(actor=manager, non_compliance=row, values=values)
    response = post(client, manager, act(row, "close"), version=1, closing_note="All done")
    assert response.status_code == 422
    assert "1 corrective action is not closed" in text_of(response)
    assert "All done" in text_of(response)
    told = raise_one(duty, manager)
    response = post(client, manager, act(told, "close"), version=1, closing_note="All done")
    assert "The regulator has not been told" in text_of(response)


def test_a_closed_one_stands_until_it_is_reopened_for_a_reason(client: Client, duty: Obligation, manager: User) -> None:
    row = raise_one(duty, manager, notify_value=None, notify_unit="")
    assert post(client, manager, act(row, "close"), version=1, closing_note="Done").status_code == 302
    edit = reverse("non_compliance_edit", args=[duty.project.code, row.pk])
    response = post(client, manager, edit, **entered())
    assert response.status_code == 422
    assert "reopen it before it is changed" in text_of(response)
    with pytest.raises(ValidationError, match="reopen it"):
        corrective_action_add(
            actor=manager, non_compliance=row, values={"description": "x", "due_on": date(2026, 12, 1)}
        )
    assert post(client, manager, act(row, "reopen"), version=2, reason="It came back").status_code == 302
    row.refresh_from_db()
    assert (row.status, row.closed_at, row.closing_note) == (Status.OPEN, None, "")
    assert AuditEvent.objects.get(action="non_compliance.reopen").reason == "It came back"


def test_whoever_acts_second_sees_what_the_first_did_and_keeps_their_words(
    client: Client, raised: NonCompliance, manager: User, auditor: User
) -> None:
    assert post(client, manager, act(raised, "confirm"), version=1, reason="Measured it").status_code == 302
    response = post(client, manager, act(raised, "dismiss"), version=1, reason="Only fog")
    page = text_of(response)
    assert response.status_code == 409
    assert "Somebody else changed this" in page
    assert "Measured it" in page
    assert "Only fog" in page
    response = post(client, manager, act(raised, "close"), version=1, closing_note="Only fog")
    assert response.status_code == 409
    assert "Only fog" in text_of(response)
    assert 'name="version" value="2"' in text_of(response)
    with pytest.raises(StaleFinding):
        non_compliance_close(actor=manager, non_compliance=raised, closing_note="x", expected_version=1)


def test_two_who_edit_at_once_are_both_heard(client: Client, raised: NonCompliance, manager: User) -> None:
    client.force_login(manager)
    address = reverse("non_compliance_edit", args=[raised.project.code, raised.pk])
    form = client.get(address).context["form"]
    opened = {name: form[name].value() or "" for name in form.fields}
    sent = {**opened, **{f"initial-{name}": value for name, value in opened.items()}}
    non_compliance_change(actor=manager, non_compliance=raised, changes={"cause": "A burst pipe"}, opened=None)
    assert client.post(address, {**sent, "location": "Gate 2"}).status_code == 302
    response = client.post(address, {**sent, "cause": "Wind"})
    assert response.status_code == 409
    assert "A burst pipe" in response.content.decode()
    assert "Wind" in response.content.decode()
    raised.refresh_from_db()
    assert (raised.cause, raised.location) == ("A burst pipe", "Gate 2")
