"""Occurrences over their lives: what is due is there once, what was done stays, and nothing moves that should not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from accounts.models import User
from audit.models import AuditEvent
from dateutil.relativedelta import relativedelta
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from registers.models import Holiday, Mechanism, Project

from obligations.models import Basis, Comment, End, Obligation, Occurrence, Unit
from obligations.services.materialise import materialise, rematerialise
from obligations.services.occurrences import (
    StaleOccurrence,
    occurrence_assign,
    occurrence_cancel,
    occurrence_extend,
    occurrence_reopen,
    occurrence_return,
    occurrence_snooze,
    occurrence_start,
    occurrence_submit,
)
from obligations.states import OccurrenceState, Result, Status
from obligations.tests.duties import TODAY, at, close, dues, rows, set_rule, stands

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


# --- Materialising ----------------------------------------------------------------------------------------------------
def test_occurrences_reach_24_months_ahead_and_making_them_again_adds_none(monthly: Obligation) -> None:
    found = dues(monthly)
    assert found[:4] == ["2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31"]
    assert found[-1] == "2028-10-31"
    assert not any(materialise(Obligation.objects.filter(pk=monthly.pk), TODAY))
    assert dues(monthly) == found


def test_the_daily_command_goes_on_over_the_turn_of_the_year(monthly: Obligation) -> None:
    call_command("materialise_occurrences", "--on", "2026-12-31")
    assert dues(monthly)[-2:] == ["2028-11-30", "2028-12-31"]
    call_command("materialise_occurrences", "--on", "2027-01-01")
    assert dues(monthly)[-1] == "2028-12-31"
    events = AuditEvent.objects.filter(action="project.begin_day").count()
    call_command("materialise_occurrences", "--on", "2027-01-01")
    assert AuditEvent.objects.filter(action="project.begin_day").count() == events
    assert at(monthly, "2026-12-31").state == OccurrenceState.OPEN
    assert at(monthly, "2027-02-28").state == OccurrenceState.SCHEDULED


def test_there_is_always_one_to_come(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, anchor_date=date(2024, 1, 15), interval=5, unit=Unit.YEAR)
    assert dues(duty) == ["2024-01-15", "2029-01-15"]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ({"end": End.DATE, "end_date": date(2027, 1, 31)}, "2027-01-31"),
        ({"end": End.COUNT, "end_count": 3}, "2026-11-30"),
        ({"end": End.EXPIRY}, "2027-03-31"),
    ],
)
def test_it_ends_on_a_date_after_a_number_or_with_the_mechanism(
    duty: Obligation, manager: User, end: dict[str, Any], last: str
) -> None:
    Mechanism.objects.filter(pk=duty.mechanism_id).update(expires=date(2027, 4, 2))
    set_rule(Obligation.objects.get(pk=duty.pk), manager, anchor_date=date(2026, 9, 30), eom=True, **end)
    assert dues(duty)[-1] == last


def test_a_sequence_has_each_place_once(monthly: Obligation) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Occurrence.objects.create(project=monthly.project, obligation=monthly, sequence=0)


# --- Closing ----------------------------------------------------------------------------------------------------------
def test_closing_changes_no_other_row_and_what_was_missed_stays_overdue(monthly: Obligation, manager: User) -> None:
    others = list(rows(monthly).exclude(due_date="2026-10-31").values())
    close(at(monthly, "2026-10-31"), manager)
    assert list(rows(monthly).exclude(due_date="2026-10-31").values()) == others
    assert [str(one.due_date) for one in rows(monthly).overdue(TODAY)] == ["2026-09-30"]
    assert stands(monthly) == ("2026-09-30", Status.NOT_STARTED, "None")
    close(at(monthly, "2026-09-30"), manager)
    assert stands(monthly) == ("2026-11-30", Status.NOT_STARTED, "None")


def test_a_closed_one_says_who_when_and_how_and_is_frozen(monthly: Obligation, manager: User) -> None:
    closed = close(at(monthly, "2026-10-31"), manager, date(2026, 11, 3), Result.NON_COMPLIANT)
    assert (closed.closed_by, closed.completed_on, closed.result) == (manager, date(2026, 11, 3), "non_compliant")
    version = closed.version
    acts: list[Callable[[], object]] = [
        lambda: close(closed, manager),
        lambda: occurrence_start(actor=manager, occurrence=closed, expected_version=version),
        lambda: occurrence_assign(actor=manager, occurrence=closed, assigned_to=manager, expected_version=version),
        lambda: occurrence_cancel(actor=manager, occurrence=closed, reason="No.", expected_version=version),
    ]
    for act in acts:
        with pytest.raises(ValidationError):
            act()
    assert rows(monthly).get(pk=closed.pk).state == OccurrenceState.CLOSED


def test_closing_early_or_late_shifts_nothing(monthly: Obligation, manager: User) -> None:
    before = dues(monthly)
    close(at(monthly, "2026-12-31"), manager)
    close(at(monthly, "2026-09-30"), manager)
    assert dues(monthly) == before


def test_the_only_one_closed_completes_the_obligation(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, basis=Basis.ONE_OFF, anchor_date=date(2026, 12, 1))
    assert stands(duty) == ("2026-12-01", Status.NOT_STARTED, "None")
    close(rows(duty).get(), manager, date(2026, 11, 20))
    assert stands(duty) == ("2026-12-01", Status.COMPLETED, "2026-11-20")
    assert dues(duty) == ["2026-12-01"]


def test_after_completion_the_next_is_counted_from_the_day_it_was_done(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, basis=Basis.AFTER_COMPLETION, anchor_date=date(2026, 8, 31), interval=6)
    assert dues(duty) == ["2026-08-31"]
    closed = close(rows(duty).get(), manager, date(2026, 10, 31))
    assert dues(duty) == ["2026-08-31", "2027-04-30"]
    occurrence_reopen(actor=manager, occurrence=closed, reason="Wrong day.", expected_version=closed.version)
    assert dues(duty) == ["2026-08-31"]


def test_reopening_asks_for_a_reason_and_clears_what_closing_said(monthly: Obligation, manager: User) -> None:
    closed = close(at(monthly, "2026-10-31"), manager)
    with pytest.raises(ValidationError, match="Say why"):
        occurrence_reopen(actor=manager, occurrence=closed, reason=" ", expected_version=closed.version)
    again = occurrence_reopen(actor=manager, occurrence=closed, reason="A page is missing.", expected_version=2)
    assert (again.state, again.result, again.completed_on, again.closed_by) == ("in_progress", "", None, None)
    event = AuditEvent.objects.filter(topic=f"obligation:{monthly.pk}").latest("sequence")
    assert (event.action, event.reason) == ("occurrence.reopen", "A page is missing.")
    assert event.changes["state"] == ["closed", "in_progress"]


@pytest.mark.parametrize(
    ("completed_on", "result", "problem"),
    [(TODAY + timedelta(days=1), "compliant", "not one to come"), (TODAY, "", "Choose the outcome")],
)
def test_it_is_closed_only_with_an_outcome_and_a_day_gone_by(
    monthly: Obligation, manager: User, completed_on: date, result: str, problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        close(at(monthly, "2026-10-31"), manager, completed_on, result)
    assert at(monthly, "2026-10-31").version == 1


def test_the_database_itself_refuses_a_closed_one_without_outcome(monthly: Obligation) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        rows(monthly).update(state="closed")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows(monthly).update(state="cancelled")


# --- Review -----------------------------------------------------------------------------------------------------------
def submit(one: Occurrence, actor: User, on: date = TODAY) -> Occurrence:
    return occurrence_submit(
        actor=actor, occurrence=one, completed_on=on, result="compliant", note="Done.", expected_version=one.version
    )


def test_what_was_submitted_in_time_is_not_late_while_it_is_reviewed(monthly: Obligation, manager: User) -> None:
    for day in ("2026-09-30", "2026-10-31"):
        close(at(monthly, day), manager)
    submitted = submit(at(monthly, "2026-11-30"), manager)
    assert stands(monthly)[1] == Status.SUBMITTED
    assert not submitted.is_overdue(date(2026, 12, 5))
    assert not rows(monthly).overdue(date(2026, 12, 5)).exists()
    returned = occurrence_return(actor=manager, occurrence=submitted, reason="Unsigned.", expected_version=2)
    assert returned.is_overdue(date(2026, 12, 5))


def test_what_was_submitted_late_stays_late_until_it_is_closed(monthly: Obligation, manager: User) -> None:
    late = submit(at(monthly, "2026-10-31"), manager)
    assert late.is_overdue(TODAY)
    assert late in rows(monthly).overdue(TODAY)
    assert not close(late, manager).is_overdue(TODAY)


# --- Dates that people move -------------------------------------------------------------------------------------------
def extend(one: Occurrence, actor: User, to: date, **values: str) -> Occurrence:
    given = {"granted_by": "DWER", "reference": "DER2026/17", "reason": "Flooded track.", **values}
    return occurrence_extend(actor=actor, occurrence=one, new_date=to, expected_version=one.version, **given)


def test_an_extension_says_who_granted_it_and_keeps_the_date_before(monthly: Obligation, manager: User) -> None:
    extended = extend(at(monthly, "2026-11-30"), manager, date(2026, 12, 14))
    assert (str(extended.nominal_date), str(extended.due_date)) == ("2026-11-30", "2026-12-14")
    assert str(extended.extensions.get().previous_date) == "2026-11-30"
    assert rematerialise(monthly, TODAY).moved == []
    assert rows(monthly).get(pk=extended.pk).due_date == date(2026, 12, 14)


@pytest.mark.parametrize(
    ("to", "values"),
    [(date(2026, 11, 30), {}), (date(2026, 12, 14), {"granted_by": ""}), (date(2026, 12, 14), {"reason": ""})],
)
def test_an_extension_without_more_time_or_authority_is_refused(
    monthly: Obligation, manager: User, to: date, values: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        extend(at(monthly, "2026-11-30"), manager, to, **values)


def test_a_snooze_moves_the_target_only_and_not_past_the_next_one(monthly: Obligation, manager: User) -> None:
    one = at(monthly, "2026-11-30")
    snoozed = occurrence_snooze(actor=manager, occurrence=one, target_date=date(2026, 11, 27), expected_version=1)
    assert (str(snoozed.target_date), str(snoozed.due_date)) == ("2026-11-27", "2026-11-30")
    extended = extend(snoozed, manager, date(2027, 1, 20))
    with pytest.raises(ValidationError, match="before the next occurrence, 31 December 2026"):
        occurrence_snooze(
            actor=manager, occurrence=extended, target_date=date(2026, 12, 31), expected_version=extended.version
        )


def test_a_holiday_rolls_the_due_date_and_leaves_the_sequence(monthly: Obligation, manager: User) -> None:
    Mechanism.objects.filter(pk=monthly.mechanism_id).update(roll_policy="next_business_day")
    change = rematerialise(monthly, TODAY)
    sunday = rows(monthly).get(nominal_date="2027-01-31")
    assert (str(sunday.due_date), str(sunday.nominal_date)) == ("2027-02-01", "2027-01-31")
    assert (date(2027, 1, 31), date(2027, 2, 1)) in change.moved
    Holiday.objects.create(project=monthly.project, on=date(2027, 2, 1), name="Proclaimed")
    rematerialise(monthly, TODAY)
    assert str(rows(monthly).get(nominal_date="2027-01-31").due_date) == "2027-02-02"
    assert rows(monthly).filter(nominal_date="2027-02-28").exists()


# --- Who may, and who was first ---------------------------------------------------------------------------------------
def test_a_responsible_person_works_on_their_own_only_and_closes_nothing(
    monthly: Obligation, manager: User, contributor: User
) -> None:
    own, other = at(monthly, "2026-10-31"), at(monthly, "2026-11-30")
    own = occurrence_assign(actor=manager, occurrence=own, assigned_to=contributor, expected_version=1)
    occurrence_start(actor=contributor, occurrence=own, expected_version=own.version)
    with pytest.raises(PermissionDenied):
        occurrence_start(actor=contributor, occurrence=other, expected_version=1)
    own.refresh_from_db()
    with pytest.raises(PermissionDenied):
        close(own, contributor)


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_others_change_nothing(monthly: Obligation, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        occurrence_start(actor=request.getfixturevalue(who), occurrence=at(monthly, "2026-10-31"), expected_version=1)


def test_work_is_given_only_to_people_of_the_project(monthly: Obligation, manager: User, stranger: User) -> None:
    with pytest.raises(ValidationError, match="does not belong to"):
        occurrence_assign(actor=manager, occurrence=at(monthly, "2026-10-31"), assigned_to=stranger, expected_version=1)


def test_whoever_saves_second_is_told(monthly: Obligation, manager: User) -> None:
    one = at(monthly, "2026-10-31")
    occurrence_start(actor=manager, occurrence=one, expected_version=1)
    with pytest.raises(StaleOccurrence) as stale:
        close(one, manager)
    assert stale.value.current.state == OccurrenceState.IN_PROGRESS


# --- Days and places --------------------------------------------------------------------------------------------------
ZONES = st.sampled_from(["Australia/Perth", "Australia/Sydney"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - the zone is given separately


@given(ZONES, MOMENTS)
def test_a_day_begins_at_midnight_on_site_whatever_daylight_saving_does(zone: str, moment: datetime) -> None:
    local = moment.replace(tzinfo=ZoneInfo(zone))
    site = Project(timezone=zone)
    one = Occurrence(due_date=moment.date(), state=OccurrenceState.OPEN)
    midnight = (moment + relativedelta(days=1)).replace(hour=0, minute=0, second=1, tzinfo=ZoneInfo(zone))
    with time_machine.travel(local, tick=False):
        assert site.today == moment.date()
        assert not one.is_overdue(site.today)
    with time_machine.travel(midnight, tick=False):
        assert one.is_overdue(site.today)


# --- The register's columns -------------------------------------------------------------------------------------------
def test_the_registers_dates_always_follow_the_occurrences(monthly: Obligation, manager: User) -> None:
    assert stands(monthly) == ("2026-09-30", Status.NOT_STARTED, "None")
    occurrence_start(actor=manager, occurrence=at(monthly, "2026-09-30"), expected_version=1)
    assert stands(monthly)[1] == Status.IN_PROGRESS
    occurrence_cancel(actor=manager, occurrence=at(monthly, "2026-10-31"), reason="Not needed.", expected_version=1)
    close(at(monthly, "2026-09-30"), manager)
    assert stands(monthly) == ("2026-11-30", Status.NOT_STARTED, "None")
    assert Comment.objects.count() == 0
