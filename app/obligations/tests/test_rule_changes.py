"""What happens to occurrences when a rule changes, an event comes, a phase starts, or the obligation pauses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from accounts.models import User
from audit.models import AuditEvent
from django.core.exceptions import ValidationError
from django.core.management import call_command
from registers.models import Milestone, Phase, ProjectPhase

from obligations.models import Basis, End, Obligation, RecurrenceRule, Unit
from obligations.services.materialise import materialise, rematerialise
from obligations.services.obligations import (
    obligation_reinstate,
    obligation_resume,
    obligation_retire,
    obligation_suspend,
    obligation_update,
)
from obligations.services.occurrences import (
    occurrence_assign,
    occurrence_trigger,
)
from obligations.states import Lifecycle
from obligations.tests.duties import TODAY, at, close, dues, rows, set_rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


# --- Another rule -----------------------------------------------------------------------------------------------------
def test_a_changed_rule_makes_anew_only_what_nobody_worked_on(monthly: Obligation, manager: User) -> None:
    worked_on = at(monthly, "2026-12-31")
    occurrence_assign(actor=manager, occurrence=worked_on, assigned_to=manager, expected_version=1)
    missed = at(monthly, "2026-10-31")
    change = set_rule(monthly, manager, anchor_date=date(2027, 1, 15), interval=3)
    assert {one.pk for one in rows(monthly)} >= {worked_on.pk, missed.pk}
    unfinished = [str(one.due_date) for one in rows(monthly).order_by("due_date")]
    assert unfinished[:5] == ["2026-09-30", "2026-10-31", "2026-12-31", "2027-01-15", "2027-04-15"]
    assert date(2026, 11, 30) in change.removed
    assert change.added[0] == date(2027, 1, 15)
    assert rematerialise(monthly, TODAY) == type(change)()


def test_one_event_lists_the_dates_that_went_and_came(monthly: Obligation, manager: User) -> None:
    before = AuditEvent.objects.count()
    set_rule(monthly, manager, basis=Basis.ONE_OFF, anchor_date=date(2027, 3, 1))
    event = AuditEvent.objects.latest("sequence")
    assert AuditEvent.objects.count() == before + 1
    assert event.action == "rule.set"
    assert event.changes["rule"] == ["Every month on the last day of the month", "Once, on 1 March 2027"]
    assert event.changes["removed dates"][0][0] == "2026-11-30"
    assert event.changes["added dates"] == [[], ["2027-03-01"]]


def test_a_single_date_typed_wrong_is_corrected_even_when_it_has_passed(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, basis=Basis.ONE_OFF, anchor_date=date(2016, 12, 1))
    set_rule(duty, manager, basis=Basis.ONE_OFF, anchor_date=date(2026, 12, 1))
    assert dues(duty) == ["2026-12-01"]


def test_a_rule_may_be_changed_from_an_earlier_day_on(monthly: Obligation, manager: User) -> None:
    set_rule(monthly, manager, since=date(2026, 10, 1), anchor_date=date(2026, 10, 5), interval=3)
    assert dues(monthly)[:3] == ["2026-09-30", "2026-10-05", "2027-01-05"]


def test_the_same_rule_again_changes_nothing(monthly: Obligation, manager: User) -> None:
    before = list(rows(monthly).values())
    assert not set_rule(monthly, manager, anchor_date=date(2026, 9, 30), eom=True)
    assert list(rows(monthly).values()) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"anchor_date": None}, "anchor_date"),
        ({"interval": 0}, "interval"),
        ({"nth_weekday": 1}, "weekdays"),
        ({"nth_weekday": 1, "weekdays": "TU", "unit": Unit.WEEK}, "unit"),
        ({"eom": True, "unit": Unit.DAY}, "eom"),
        ({"lag_month": 3}, "lag_day"),
        ({"end": End.DATE}, "end_date"),
        ({"end": End.COUNT}, "end_count"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_field(
    duty: Obligation, manager: User, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        set_rule(duty, manager, **{"anchor_date": date(2026, 9, 30), **values})
    assert field in refused.value.message_dict
    assert not RecurrenceRule.objects.filter(obligation=duty).exists()


# --- Events, milestones and phases ------------------------------------------------------------------------------------
def test_nothing_is_due_until_the_event_happens_and_each_time_is_a_record(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, basis=Basis.EVENT, event="an incident", lag_value=7, lag_unit=Unit.DAY)
    assert dues(duty) == []
    for day in (date(2026, 11, 2), date(2026, 11, 20)):
        occurrence_trigger(actor=manager, obligation=duty, on=day, what="Spill at the workshop")
    assert dues(duty) == ["2026-11-09", "2026-11-27"]
    assert rematerialise(duty, TODAY).removed == []
    with pytest.raises(ValidationError, match="not one to come"):
        occurrence_trigger(actor=manager, obligation=duty, on=date(2026, 11, 24), what="Later")


def test_what_waits_for_no_event_cannot_be_triggered(monthly: Obligation, manager: User) -> None:
    with pytest.raises(ValidationError, match="waits for no event"):
        occurrence_trigger(actor=manager, obligation=monthly, on=TODAY, what="Something")


def test_a_milestone_that_moves_takes_its_due_date_along(duty: Obligation, manager: User) -> None:
    milestone = Milestone.objects.create(project=duty.project, name="Dam full")
    set_rule(duty, manager, basis=Basis.EVENT, milestone=milestone, lag_value=-1, lag_unit=Unit.MONTH)
    assert dues(duty) == []
    for planned, due in ((date(2027, 3, 31), "2027-02-28"), (date(2027, 6, 30), "2027-05-30")):
        milestone.planned_on = planned
        milestone.save()
        rematerialise(duty, TODAY)
        assert dues(duty) == [due]
    milestone.occurred_on = date(2027, 7, 1)
    milestone.save()
    rematerialise(duty, TODAY)
    assert dues(duty) == ["2027-06-01"]


def test_what_is_gated_sleeps_outside_its_phase(duty: Obligation, manager: User) -> None:
    phase = Phase.objects.create(organisation=duty.project.organisation, name="Closure")
    obligation_update(
        actor=manager, obligation=duty, changes={"phase": phase, "phase_gated": True}, expected_version=duty.version
    )
    duty.refresh_from_db()
    set_rule(duty, manager, anchor_date=date(2026, 9, 30), eom=True)
    assert dues(duty) == []
    ProjectPhase.objects.create(
        project=duty.project, phase=phase, starts_on=date(2026, 12, 15), ends_on=date(2027, 3, 30)
    )
    rematerialise(duty, TODAY)
    assert dues(duty) == ["2026-12-31", "2027-01-31", "2027-02-28"]


def test_a_phase_that_starts_brings_its_due_date(duty: Obligation, manager: User) -> None:
    phase = Phase.objects.get(organisation=duty.project.organisation, name="Construction")
    Obligation.objects.filter(pk=duty.pk).update(phase=phase)
    duty.refresh_from_db()
    set_rule(duty, manager, basis=Basis.PHASE_START, lag_value=5, lag_unit=Unit.BUSINESS_DAY)
    assert dues(duty) == ["2025-10-07"]


def test_what_is_continuous_has_one_assessment_a_period_and_no_due_date(duty: Obligation, manager: User) -> None:
    set_rule(duty, manager, basis=Basis.CONTINUOUS, anchor_date=date(2025, 3, 12), interval=12)
    assert [(str(one.period_start), one.due_date) for one in rows(duty)] == [("2025-03-12", None), ("2026-03-12", None)]
    call_command("materialise_occurrences", "--on", "2027-03-12")
    assert str(rows(duty).last().period_start) == "2027-03-12"  # type: ignore[union-attr]  # there are three


# --- Suspending and retiring ------------------------------------------------------------------------------------------
def test_a_suspended_time_has_no_occurrences_and_the_sequence_goes_on(monthly: Obligation, manager: User) -> None:
    obligation_suspend(actor=manager, obligation=monthly, starts_on=date(2026, 12, 1), reason="Care and maintenance.")
    assert dues(monthly) == ["2026-09-30", "2026-10-31", "2026-11-30"]
    monthly.refresh_from_db()
    assert monthly.lifecycle == Lifecycle.SUSPENDED
    obligation_resume(actor=manager, obligation=monthly, on=date(2027, 3, 1))
    assert dues(monthly)[3:5] == ["2027-03-31", "2027-04-30"]
    assert at(monthly, "2027-03-31").sequence == 6


def test_a_retired_obligation_asks_for_nothing_and_keeps_its_history(monthly: Obligation, manager: User) -> None:
    closed = close(at(monthly, "2026-09-30"), manager)
    obligation_retire(actor=manager, obligation=monthly, reason="Condition deleted.")
    assert closed in rows(monthly)
    assert not rows(monthly).filter(due_date__gte=TODAY).exists()
    assert not any(materialise(Obligation.objects.filter(pk=monthly.pk), TODAY))
    monthly.refresh_from_db()
    assert monthly.action_due_date is None
    obligation_reinstate(actor=manager, obligation=monthly, reason="Reinstated by the CEO.")
    assert at(monthly, "2026-11-30")
