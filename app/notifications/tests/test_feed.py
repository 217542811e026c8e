"""Calendars: as RFC 5545 has them, for who has the address, as long as they may see the project."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from accounts.models import User
from django.test import Client
from django.utils import timezone
from icalendar import Calendar
from obligations.models import Obligation, Occurrence
from obligations.services.occurrences import occurrence_cancel, occurrence_extend
from registers.models import Project, ProjectMembership

from notifications.models import CalendarFeed
from notifications.services import feed_create
from notifications.tests.clocks import clock_at

DAY = date(2026, 11, 24)
FEEDS = "/accounts/calendar/"
EVIL = "Kits; spare, and \\ more\r\nATTACH:https://evil.example\n水" + "é" * 80


def _address(user: User, project: Project | None = None) -> str:
    _, token = feed_create(actor=user, name="Phone", project=project)
    return f"/calendar/{token}.ics"


def _read(address: str, on: date = DAY, **headers: Any) -> Any:
    with clock_at(on):
        return Client().get(address, **headers)


def _events(address: str, on: date = DAY) -> dict[str, Any]:
    """Return what a calendar program makes of it, by what it is about."""
    answer = _read(address, on)
    assert answer.status_code == 200
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    found = {str(event["UID"]).partition("@")[0]: event for event in events}
    assert len(found) == len(events)
    return found


@pytest.fixture
def kits(spill_kits: Obligation) -> Occurrence:
    return spill_kits.occurrences.select_related("project").get(due_date=date(2026, 11, 30))


@pytest.fixture
def mine(rob: User) -> str:
    return _address(rob)


def test_a_calendar_is_as_rfc_5545_has_it(kits: Occurrence, rob: User, mine: str) -> None:
    Obligation.objects.filter(pk=kits.obligation_id).update(title=EVIL)
    answer = _read(mine)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    raw: bytes = answer.content
    lines = raw.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    calendar = Calendar.from_ical(raw)
    assert calendar["VERSION"] == "2.0"
    assert calendar["METHOD"] == "PUBLISH"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n" in raw
    event = _events(mine)[f"occurrence-{kits.pk}"]
    assert str(event["SUMMARY"]).startswith("CEMP 9.3(b) Kits; spare, and \\ more ATTACH:https://evil.example 水é")
    assert not calendar.walk("VALARM")
    assert "ATTACH" not in event
    assert "DESCRIPTION" not in event
    assert re.search(rb"\r\nDTSTART;VALUE=DATE:20261130\r\nDTEND;VALUE=DATE:20261201\r\n", raw)
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 11, 30), date(2026, 12, 1))
    assert isinstance(event.decoded("DTSTAMP"), datetime)
    assert event["STATUS"] == "CONFIRMED"
    # Required by RFC 5545 3.6.1, and each once.
    for name in (b"UID", b"DTSTAMP", b"DTSTART", b"SEQUENCE"):
        events = raw.count(b"BEGIN:VEVENT")
        assert len(re.findall(rb"\r\n%s[:;]" % name, raw)) == events


def test_a_persons_calendar_has_theirs_and_a_projects_has_all(
    project: Project, kits: Occurrence, rob: User, maya: User, mine: str
) -> None:
    whole = _events(_address(maya, project))
    own = _events(mine)
    assert {key.partition("-")[0] for key in whole} == {"occurrence", "inspection", "correctiveaction", "noncompliance"}
    assert set(own) < set(whole)
    people = Occurrence.objects.filter(pk__in=[int(key.split("-")[1]) for key in own if key.startswith("occ")])
    assert {one.obligation_id for one in people} == {kits.obligation_id}
    assert any(key.startswith("correctiveaction") for key in own)
    assert any(key.startswith("inspection") for key in own)


def test_what_moves_keeps_its_name_and_counts_its_changes(kits: Occurrence, manager: User, mine: str) -> None:
    name = f"occurrence-{kits.pk}"
    before = _events(mine)[name]
    again = _events(mine)[name]
    assert before == again
    with clock_at(DAY, 8):
        occurrence_extend(
            actor=manager,
            occurrence=kits,
            new_date=date(2026, 12, 10),
            granted_by="DWER",
            reference="1",
            reason="Flood.",
            expected_version=kits.version,
        )
    with time_machine.travel("2026-11-24T02:00:00Z", tick=False):
        answer = Client().get(mine)
    [after] = [
        one for one in Calendar.from_ical(answer.content).walk("VEVENT") if str(one["UID"]) == str(before["UID"])
    ]
    assert after.decoded("DTSTART") == date(2026, 12, 10)
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after.decoded("DTSTAMP") > before.decoded("DTSTAMP")


def test_what_is_cancelled_or_gone_is_called_off_for_a_while(
    spill_kits: Obligation, kits: Occurrence, manager: User, mine: str
) -> None:
    january = spill_kits.occurrences.get(due_date=date(2027, 1, 31))
    names = [f"occurrence-{row.pk}" for row in (kits, january)]
    assert {_events(mine)[name]["STATUS"] for name in names} == {"CONFIRMED"}
    with clock_at(DAY, 8):
        occurrence_cancel(actor=manager, occurrence=kits, reason="Not this time.", expected_version=kits.version)
        # As a changed rule does.
        january.delete()
    found = _events(mine, DAY + timedelta(days=1))
    assert [(found[name]["STATUS"], found[name]["SEQUENCE"]) for name in names] == [("CANCELLED", 1)] * 2
    assert names[1] in _events(mine, DAY + timedelta(days=59))
    assert not set(names) & set(_events(mine, DAY + timedelta(days=62)))


def test_nothing_is_sent_again_to_who_has_it(kits: Occurrence, manager: User, mine: str) -> None:
    first = _read(mine)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    same = _read(mine, HTTP_IF_NONE_MATCH=etag)
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    with clock_at(DAY):
        occurrence_cancel(actor=manager, occurrence=kits, reason="Not this time.", expected_version=kits.version)
    assert _read(mine, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_only_the_whole_address_opens_it_and_it_is_stored_nowhere(kits: Occurrence, rob: User, mine: str) -> None:
    token = mine.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in {value for row in CalendarFeed.objects.values() for value in map(str, row.values())}
    for wrong in ("x", token[:-1], f"{token}x", CalendarFeed.objects.get().token_hash):
        assert _read(f"/calendar/{wrong}.ics").status_code == 404
    assert Client().post(mine).status_code == 405


def test_it_shows_what_its_person_may_see_when_it_is_read(
    project: Project, kits: Occurrence, rob: User, viewer: User
) -> None:
    whole, own = _address(viewer, project), _address(rob)
    assert len(_events(whole)) > 20
    assert _events(own)
    ProjectMembership.objects.filter(user__in=[viewer, rob]).update(expires_on=date(2020, 1, 1))
    rob.memberships.all().delete()
    assert _read(whole).status_code == 404
    assert _events(own) == {}
    User.objects.filter(pk=rob.pk).update(is_active=False)
    assert _read(own).status_code == 404


def test_an_address_is_shown_once_and_leads_nowhere_once_revoked(client: Client, rob: User, maya: User) -> None:
    client.force_login(rob)
    answer = client.post(FEEDS, {"name": "Outlook", "project": ""})
    assert answer.status_code == 201
    [address] = re.findall(r"http://testserver(/calendar/[\w-]{43}\.ics)", answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert address not in client.get(FEEDS).content.decode()
    assert Client().get(address).status_code == 200
    feed = CalendarFeed.objects.get()
    client.force_login(maya)
    assert client.post(f"{FEEDS}{feed.pk}/revoke/").status_code == 404
    client.force_login(rob)
    assert client.post(f"{FEEDS}{feed.pk}/revoke/").status_code == 302
    assert Client().get(address).status_code == 404


def test_nobody_makes_a_calendar_of_a_project_that_is_not_theirs(
    client: Client, project: Project, stranger: User
) -> None:
    client.force_login(stranger)
    answer = client.post(FEEDS, {"name": "Outlook", "project": project.pk})
    assert answer.status_code == 422
    assert not CalendarFeed.objects.exists()
    assert client.post(FEEDS, {"name": ""}).status_code == 422


def test_a_calendar_program_needs_no_second_factor(settings: Any, kits: Occurrence, rob: User, mine: str) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    browser = Client()
    browser.force_login(rob)
    assert browser.get(FEEDS).status_code == 302
    assert browser.get(mine).status_code == 200


def test_it_says_when_it_was_last_read(client: Client, kits: Occurrence, rob: User, mine: str) -> None:
    client.force_login(rob)
    assert "not read yet" in client.get(FEEDS).content.decode()
    Client().get(mine)
    assert f"last read on {timezone.localdate():%-d %B %Y}" in client.get(FEEDS).content.decode()
