"""Holidays, phases and milestones, and the due dates that follow them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registers.demo_calendar import holidays
from registers.holidays import read_holidays
from registers.models import Holiday, Milestone, Phase, Project, ProjectPhase

from obligations.models import Obligation
from obligations.services.rules import rule_set

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

CALENDAR = "/projects/WRL/project-calendar/"


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def _fields(response: Response) -> dict[str, str]:
    sent = {bound.name: str(bound.value()) for bound in response.context["form"] if bound.value() is not None}
    return sent | dict(re.findall(r'name="(initial-[\w-]+)"(?: value="([^"]*)")?', response.content.decode()))


def _says(response: Response, *texts: str) -> None:
    page = " ".join(response.content.decode().split())
    for text in texts:
        assert text in page


def _queries(client: Client, url: str, data: dict[str, str] | None = None) -> int:
    if not data:
        client.get(url)  # what is counted once for each state of the register
    with CaptureQueriesContext(connection) as queries:
        client.post(url, data) if data else client.get(url)
    return len(queries)


@pytest.fixture
def workday(project: Project) -> date:
    """A Wednesday about two months from now that is no holiday, nor is the day after it."""
    day = project.today + timedelta(days=60)
    day += timedelta(days=(2 - day.weekday()) % 7)
    Holiday.objects.filter(project=project, on__range=(day, day + timedelta(days=2))).delete()
    return day


@pytest.fixture
def duty(project: Project, manager: User, workday: date) -> Obligation:
    """Due on that day, or on the next business day."""
    duty = project.obligations.get(mechanism__short="MS1234", number="5-1")
    values = {"basis": "one_off", "anchor_date": workday, "roll_policy": "next_business_day"}
    rule_set(actor=manager, obligation=duty, values=values)
    return duty


def test_a_new_holiday_moves_what_falls_due_on_it_and_its_removal_moves_it_back(
    editor: Client, project: Project, duty: Obligation, workday: date
) -> None:
    lines = f"{workday} Show Day\n\n{workday:%-d %B} {workday.year + 1}  Show  Day"
    response = editor.post(f"{CALENDAR}holidays/add/", {"lines": lines}, follow=True)
    _says(response, "2 holidays added. Due dates of 1 obligation: 1 moved.")
    assert duty.occurrences.get(nominal_date=workday).due_date == workday + timedelta(days=1)
    event = AuditEvent.objects.get(action="holiday.add")
    assert event.changes[f"{workday}"] == ["", "Show Day"]
    added = project.holidays.get(on=workday)
    response = editor.post(f"{CALENDAR}holidays/{added.pk}/remove/", follow=True)
    _says(response, "is removed. Due dates of 1 obligation: 1 moved.")
    assert duty.occurrences.get(nominal_date=workday).due_date == workday


def test_what_is_known_already_is_counted_and_kept(editor: Client, project: Project) -> None:
    response = editor.post(f"{CALENDAR}holidays/add/", {"lines": "2026-12-25 Weihnachten"}, follow=True)
    _says(response, "0 holidays added, 1 known already. No due date moved.")
    assert project.holidays.get(on=date(2026, 12, 25)).name == "Christmas Day"


def test_a_holiday_is_moved_and_renamed_in_place(
    editor: Client, project: Project, duty: Obligation, workday: date
) -> None:
    holiday = Holiday.objects.create(project=project, on=workday + timedelta(days=1), name="Show day")
    url = f"{CALENDAR}holidays/{holiday.pk}/"
    opened = {"initial-on": f"{holiday.on}", "initial-name": "Show day"}
    response = editor.post(url, opened | {"on": f"{workday}", "name": "Royal Show"}, follow=True)
    _says(response, "Royal Show is saved. Due dates of 1 obligation: 1 moved.")
    assert duty.occurrences.get(nominal_date=workday).due_date == workday + timedelta(days=1)
    event = AuditEvent.objects.get(action="holiday.change")
    assert event.changes == {
        f"{workday + timedelta(days=1)} on": [f"{workday + timedelta(days=1)}", f"{workday}"],
        f"{workday + timedelta(days=1)} name": ["Show day", "Royal Show"],
    }
    again = editor.post(url, opened | {"on": f"{workday + timedelta(days=2)}", "name": "Show day"})
    assert again.status_code == 409


def test_two_holidays_do_not_share_a_day(editor: Client, project: Project, workday: date) -> None:
    Holiday.objects.create(project=project, on=workday, name="Show day")
    other = Holiday.objects.create(project=project, on=workday + timedelta(days=1), name="Foundation day")
    fields = {"on": f"{workday}", "name": "Foundation day"}
    response = editor.post(f"{CALENDAR}holidays/{other.pk}/", fields)
    assert response.status_code == 422
    _says(response, "It is a holiday already: Show day.", "<h1>Foundation day</h1>")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("26/01/2027 Australia Day", "Line 1, “26/01/2027 Australia Day”: write the date and the name"),
        ("2027-02-29 Leap Day", "Line 1: there is no day 2027-02-29."),
        ("2027-01-26", "Line 1: write the holiday&#x27;s name after 2027-01-26."),
        ("2027-01-26 One\n2027-01-26 Two", "Line 2: 26 January 2027 stands in the list twice."),
    ],
)
def test_a_line_that_is_no_holiday_is_named_and_nothing_is_added(
    editor: Client, project: Project, line: str, message: str
) -> None:
    number = project.holidays.count()
    response = editor.post(f"{CALENDAR}holidays/add/", {"lines": f"{line}\n2030-01-01 New Year"})
    assert response.status_code == 422
    _says(response, message, "2030-01-01 New Year")
    assert project.holidays.count() == number


def test_dates_are_read_in_words_too() -> None:
    found, wrong = read_holidays("26 January 2027, Australia Day\n5 Apr 2027\tEaster Monday\n\n")
    assert found == {date(2027, 1, 26): "Australia Day", date(2027, 4, 5): "Easter Monday"}
    assert wrong == []


def test_what_waits_for_its_phase_sleeps_until_it_starts(editor: Client, project: Project) -> None:
    duty = project.obligations.filter(phase_gated=True, rule__isnull=False).select_related("phase")[0]
    assert duty.phase is not None
    soon = duty.occurrences.unfinished().filter(touched=False, due_date__gt=project.today)
    assert soon.exists()
    start = project.today + timedelta(days=90)
    url = f"{CALENDAR}phases/{duty.phase.pk}/"
    response = editor.post(url, {"starts_on": f"{start}", "ends_on": ""}, follow=True)
    _says(response, f"The dates of {duty.phase} are saved. Due dates of")
    assert not soon.filter(due_date__lt=start).exists()
    assert duty.occurrences.filter(due_date__gte=start).exists()


def test_a_phase_ends_after_it_starts_and_may_lose_its_dates(editor: Client, project: Project) -> None:
    phase = Phase.objects.get(name="Construction")
    url = f"{CALENDAR}phases/{phase.pk}/"
    response = editor.post(url, {"starts_on": "2026-02-01", "ends_on": "2026-01-01"})
    assert response.status_code == 422
    _says(response, "It ends before it starts on 1 February 2026.")
    editor.post(url, {"starts_on": "", "ends_on": ""})
    assert not ProjectPhase.objects.filter(project=project, phase=phase).exists()


def test_what_is_counted_from_a_milestone_moves_with_it(editor: Client, project: Project) -> None:
    milestone = Milestone.objects.get(name="Stage 2 clearing")
    survey = project.obligations.get(number="6-2(1)")
    before = survey.action_due_date
    assert before is not None
    later = project.today + timedelta(days=200)
    url = f"{CALENDAR}milestones/{milestone.pk}/"
    response = editor.post(url, _fields(editor.get(url)) | {"planned_on": f"{later}"}, follow=True)
    _says(response, "Stage 2 clearing is saved. Due dates of 1 obligation: 1 moved.")
    survey.refresh_from_db()
    assert survey.action_due_date is not None
    assert survey.action_due_date > before


def test_a_milestone_from_which_something_is_counted_stays(editor: Client, project: Project) -> None:
    milestone = Milestone.objects.get(name="Stage 2 clearing")
    response = editor.post(f"{CALENDAR}milestones/{milestone.pk}/remove/", follow=True)
    _says(response, "1 obligation is counted from “Stage 2 clearing”: change their recurrence first.")
    editor.post(f"{CALENDAR}milestones/add/", {"name": "First ore"})
    added = project.milestones.get(name="First ore")
    editor.post(f"{CALENDAR}milestones/{added.pk}/remove/")
    assert list(project.milestones.all()) == [milestone]


def test_a_milestone_happens_once_and_not_tomorrow(editor: Client, project: Project) -> None:
    url = f"{CALENDAR}milestones/add/"
    tomorrow = project.today + timedelta(days=1)
    response = editor.post(url, {"name": "First ore", "occurred_on": f"{tomorrow}"})
    assert response.status_code == 422
    _says(response, "is still to come: give it as the planned date.")
    twin = editor.post(url, {"name": "stage 2 CLEARING"})
    assert twin.status_code == 422
    _says(twin, "There is a milestone “stage 2 CLEARING” already.")


def test_the_page_asks_the_database_as_often_for_many_holidays_as_for_few(editor: Client, project: Project) -> None:
    few = _queries(editor, CALENDAR)
    for year in range(2030, 2040):
        Holiday.objects.bulk_create(Holiday(project=project, on=day, name=name) for day, name in holidays(year).items())
    assert _queries(editor, CALENDAR) == few


@pytest.mark.parametrize("path", ["holidays/add/", "milestones/add/"])
def test_who_may_look_changes_nothing_and_who_may_not_know_finds_nothing(
    client: Client, viewer: User, stranger: User, path: str
) -> None:
    client.force_login(viewer)
    page = client.get(CALENDAR)
    assert page.status_code == 200
    assert "Remove" not in page.content.decode()
    assert client.post(CALENDAR + path, {"lines": "2030-01-01 x", "name": "x"}).status_code == 403
    client.force_login(stranger)
    assert client.get(CALENDAR).status_code == 404
    assert client.post(CALENDAR + path, {"lines": "2030-01-01 x", "name": "x"}).status_code == 404


# Published by the Government of Western Australia for these years.
@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2025, 1, 27), "Australia Day (additional day)"),
        (date(2026, 3, 2), "Labour Day"),
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 27), "Anzac Day (additional day)"),
        (date(2026, 6, 1), "Western Australia Day"),
        (date(2026, 9, 28), "King's Birthday"),
        (date(2026, 12, 28), "Boxing Day (additional day)"),
    ],
)
def test_the_demo_has_the_holidays_of_western_australia(day: date, name: str) -> None:
    assert holidays(day.year)[day] == name
