"""Calendar, look-ahead and my work, without a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from accounts.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registers.models import Project, ProjectMembership

from obligations.models import Comment, CorrectiveAction, Inspection, NonCompliance, Obligation, Occurrence

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False) as traveller:
        yield traveller


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def due(day: str) -> Occurrence:
    return Occurrence.objects.filter(due_date=day).earliest("pk")


# --- Calendar ---------------------------------------------------------------------------------------------------------
def test_a_month_shows_what_falls_due_and_what_the_project_marks(viewer: User) -> None:
    november = page(viewer, "/projects/WRL/calendar/")
    assert "November 2026" in november
    assert 'aria-current="date"' in november
    assert november.count("L9876 12(a)") >= 8
    january = page(viewer, "/projects/WRL/calendar/?month=2027-01")
    for text in ("Australia Day", "Stage 2 clearing", "Pre-construction ends", "MS1234 8-4"):
        assert text in january


def test_a_month_is_narrowed_by_mechanism_and_person_and_leads_on(
    viewer: User, manager: User, project: Project
) -> None:
    mechanism = project.mechanisms.get(short="MS1234")
    narrowed = page(viewer, f"/projects/WRL/calendar/?month=2027-01&mechanism={mechanism.pk}")
    assert "MS1234 8-4" in narrowed
    assert "L9876 12(a)" not in narrowed
    assert f"?month=2027-02&amp;mechanism={mechanism.pk}" in narrowed
    Occurrence.objects.filter(pk=due("2027-01-31").pk).update(assigned_to=manager)
    assert page(viewer, f"/projects/WRL/calendar/?month=2027-01&person={manager.pk}").count("/occurrences/") == 1


@pytest.mark.parametrize("month", ["", "soon", "2026-13", "0001-01", "9999-12", "2026-11-01"])
def test_a_month_that_is_none_is_this_one(viewer: User, month: str) -> None:
    assert "November 2026" in page(viewer, f"/projects/WRL/calendar/?month={month}")


def test_a_full_day_names_some_and_counts_the_rest(viewer: User, project: Project) -> None:
    one = due("2027-01-31")
    for number in range(10):
        Occurrence.objects.create(
            project=project, obligation=one.obligation, sequence=900 + number, due_date=date(2027, 1, 13)
        )
    assert "6 more" in page(viewer, "/projects/WRL/calendar/?month=2027-01")


# --- Look-ahead -------------------------------------------------------------------------------------------------------
def test_what_is_late_stands_before_what_comes_month_by_month(viewer: User) -> None:
    ahead = page(viewer, "/projects/WRL/look-ahead/")
    places = [ahead.index(text) for text in ("Overdue</h2>", "November 2026</h2>", "December 2026</h2>")]
    assert places == sorted(places)
    assert "MS1234 6-2(3)" in ahead[places[0] : places[1]]
    assert "Week of 30 November" in ahead
    assert "MS1234 4-6" not in ahead
    assert "MS1234 4-6" in page(viewer, "/projects/WRL/look-ahead/?months=12")


def test_the_csv_holds_exactly_what_the_page_lists_and_runs_nothing(manager: User, viewer: User) -> None:
    Obligation.objects.filter(mechanism__short="EPBC", number="19").update(title="=1+1")
    client = Client()
    client.force_login(manager)
    response = client.get("/projects/WRL/look-ahead/csv/?months=6")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it streams
    rows = list(csv.reader(io.StringIO(text)))
    listed = page(manager, "/projects/WRL/look-ahead/?months=6")
    assert f"{len(rows) - 1} to do" in listed
    assert any(row[5] == "'=1+1" for row in rows)
    client.force_login(viewer)
    assert client.get("/projects/WRL/look-ahead/csv/").status_code == 403


# --- My work ----------------------------------------------------------------------------------------------------------
def test_nothing_waiting_teaches_what_would_stand_there(contributor: User) -> None:
    assert "Nothing waits for you" in page(contributor, "/my-work/")


def test_my_work_holds_what_is_mine_and_what_i_review(contributor: User, approver: User, manager: User) -> None:
    spills = Occurrence.objects.get(obligation__number="9.3(b)", due_date="2026-11-30")
    Occurrence.objects.filter(pk=spills.pk).update(assigned_to=contributor)
    late = Obligation.objects.get(mechanism__short="MS1234", number="6-2(3)")
    Obligation.objects.filter(pk=late.pk).update(responsible_person=contributor)
    comment = Comment.objects.create(obligation=late, author=manager, text="@Contributor please look.")
    comment.mentions.add(contributor)
    found = NonCompliance.objects.earliest("pk")
    CorrectiveAction.objects.create(
        non_compliance=found, description="Move the pegs", owner=contributor, due_on=date(2026, 11, 1)
    )
    Inspection.objects.create(
        project=late.project, obligation=late, inspector=contributor, planned_on=date(2026, 11, 25)
    )
    mine = page(contributor, "/projects/WRL/my-work/")
    for text in ("MS1234 6-2(3)", "CEMP 9.3(b)", "Move the pegs", "Planned for 25 November 2026", "please look."):
        assert text in mine
    assert "Waiting for your review" not in mine
    reviewed = page(approver, "/my-work/")
    assert "Waiting for your review" in reviewed
    assert "MS1234 4-5" in reviewed


def test_late_is_late_on_the_sites_own_day(contributor: User, project: Project, clock: time_machine.Traveller) -> None:
    Occurrence.objects.filter(pk=due("2026-11-26").pk).update(assigned_to=contributor)
    clock.move_to("2026-11-26T14:30:00Z")  # half past ten in the evening in Perth, past one in the morning in Sydney
    assert "Overdue</h2>" not in page(contributor, "/my-work/")
    Project.objects.filter(pk=project.pk).update(timezone="Australia/Sydney")
    assert "Overdue</h2>" in page(contributor, "/my-work/")


# --- For all of them --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["calendar/", "look-ahead/", "look-ahead/csv/", "my-work/"])
def test_a_stranger_finds_nothing_and_a_passer_by_the_sign_in(path: str, viewer: User, stranger: User) -> None:
    client = Client()
    assert client.get(f"/projects/WRL/{path}").headers["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert client.get(f"/projects/WRL/{path}").status_code == 404
    assert "WRL" not in client.get("/my-work/").content.decode()


@pytest.mark.parametrize("path", ["/projects/WRL/calendar/", "/projects/WRL/look-ahead/", "/my-work/"])
def test_it_takes_as_many_queries_for_many_as_for_few(path: str, manager: User, project: Project) -> None:
    Occurrence.objects.filter(due_date__range=("2026-11-01", "2026-12-31")).update(assigned_to=manager)
    client = Client()
    client.force_login(manager)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    one = due("2026-11-30")
    Occurrence.objects.bulk_create(
        Occurrence(
            project=project,
            obligation=one.obligation,
            sequence=500 + number,
            due_date=date(2026, 11, 24 + number % 6),
            assigned_to=manager,
        )
        for number in range(60)
    )
    other = Project.objects.create(organisation=project.organisation, code="OTHER", name="Another")
    ProjectMembership.objects.create(project=other, user=manager, role="manager")
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)
