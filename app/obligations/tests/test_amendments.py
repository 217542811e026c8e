"""What a new version of a mechanism does to conditions, obligations and occurrences."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.exceptions import PermissionDenied, ValidationError
from registers.models import Condition, Mechanism, MechanismVersion, Project

from obligations.amendments import Amendment, Decision, Fate, NewCondition, amendment_outcomes, seal_of
from obligations.models import Obligation, Occurrence
from obligations.services.amendments import StaleAmendment, retire_ended, version_publish
from obligations.services.occurrences import occurrence_close, occurrence_submit
from obligations.services.rules import rule_set
from obligations.states import Lifecycle, OccurrenceState

REASON = "amended: Rev 3"


@pytest.fixture
def plan(project: Project) -> Mechanism:
    """A plan with three conditions, and a quarterly duty under the second of them."""
    plan = Mechanism.objects.create(
        project=project, kind="management_plan", short="OEMP", reference="OEMP", issued=date(2025, 1, 1)
    )
    top = Condition.objects.create(mechanism=plan, number="5", heading="Water")
    Condition.objects.create(mechanism=plan, number="5.1", parent=top, text="Sample the bores.")
    Condition.objects.create(mechanism=plan, number="5.2", parent=top, text="Keep the logs.")
    return plan


@pytest.fixture
def duty(plan: Mechanism, manager: User) -> Obligation:
    """Due on the last day of each quarter from a year ago on; nothing of it is done yet."""
    duty = Obligation.objects.create(
        project=plan.project,
        mechanism=plan,
        condition=plan.conditions.get(number="5.1"),
        number="5.1",
        requirement="Sample  the bores.",
    )
    first = date(plan.project.today.year - 1, 12, 31)
    rule_set(
        actor=manager,
        obligation=duty,
        values={"basis": "fixed", "anchor_date": first, "interval": 3, "unit": "month", "eom": True},
        since=date.min,
    )
    return Obligation.objects.get(pk=duty.pk)


def _publish(
    actor: User, plan: Mechanism, fates: dict[str, Decision], *, new: tuple[NewCondition, ...] = ()
) -> MechanismVersion:
    """Publish Rev 3, in force from the first day of the year; the fates stand by the conditions' numbers."""
    amendment = Amendment(
        label="Rev 3",
        effective_on=date(plan.project.today.year, 1, 1),
        summary="After the review",
        decisions={plan.conditions.get(number=number, ended_on=None).pk: fate for number, fate in fates.items()},
        new=new,
    )
    return version_publish(actor=actor, mechanism=plan, amendment=amendment, seal=seal_of(plan))


def _reword(text: str, number: str = "", heading: str = "") -> Decision:
    return Decision(Fate.REWORD, number=number, heading=heading, text=text)


END = Decision(Fate.END)


def test_an_obligation_follows_its_condition_to_the_new_words_and_its_occurrences_stay(
    manager: User, plan: Mechanism, duty: Obligation
) -> None:
    before = list(duty.occurrences.values_list("pk", "due_date", "state"))
    version = _publish(manager, plan, {"5.1": _reword("Sample the bores and the creek.")})
    duty.refresh_from_db()
    old = Condition.objects.get(mechanism=plan, text="Sample the bores.")
    assert duty.condition is not None
    assert (duty.condition.supersedes, duty.condition.introduced) == (old, version)
    assert (old.ended, old.ended_on) == (version, version.effective_on)
    assert duty.condition.parent == plan.conditions.get(number="5")
    assert duty.requirement == "Sample the bores and the creek."
    assert list(duty.occurrences.values_list("pk", "due_date", "state")) == before
    event = AuditEvent.objects.get(action="obligation.amend", subject=f"obligation:{duty.pk}")
    assert event.changes["requirement"] == ["Sample  the bores.", "Sample the bores and the creek."]


def test_words_of_its_own_are_kept(manager: User, plan: Mechanism, duty: Obligation) -> None:
    Obligation.objects.filter(pk=duty.pk).update(requirement="What we do about the bores.")
    _publish(manager, plan, {"5.1": _reword("Sample the bores and the creek.")})
    duty.refresh_from_db()
    assert duty.requirement == "What we do about the bores."
    assert duty.condition is not None
    assert duty.condition.text == "Sample the bores and the creek."


def test_the_first_version_stands_for_the_mechanism_as_issued(manager: User, plan: Mechanism) -> None:
    version = _publish(manager, plan, {"5.2": _reword("Keep the logs for five years.")})
    assert [(one.number, one.label) for one in plan.versions.all()] == [(2, "Rev 3"), (1, "As issued")]
    assert version.number == 2


def test_what_ends_cancels_what_comes_and_leaves_what_was_due_and_what_is_handed_in(
    manager: User, plan: Mechanism, duty: Obligation
) -> None:
    late, second, third, *later = duty.occurrences.order_by("due_date")
    result: dict[str, Any] = {"completed_on": plan.project.today, "result": "compliant", "note": ""}
    occurrence_close(actor=manager, occurrence=second, expected_version=second.version, **result)
    occurrence_submit(actor=manager, occurrence=third, expected_version=third.version, **result)
    _publish(manager, plan, {"5.1": END})
    states = dict(duty.occurrences.values_list("pk", "state"))
    assert states[late.pk] == OccurrenceState.OPEN
    assert states[second.pk] == OccurrenceState.CLOSED
    assert states[third.pk] == OccurrenceState.SUBMITTED
    assert {states[one.pk] for one in later} == {OccurrenceState.CANCELLED}
    assert set(duty.occurrences.filter(state="cancelled").values_list("cancelled_for", flat=True)) == {REASON}
    duty.refresh_from_db()
    assert (duty.lifecycle, duty.action_due_date) == (Lifecycle.ACTIVE, late.due_date)


def test_it_retires_once_nothing_is_left_and_nothing_of_it_comes_again(
    manager: User, plan: Mechanism, duty: Obligation
) -> None:
    _publish(manager, plan, {"5.1": END})
    today = plan.project.today
    assert retire_ended(plan.project, today) == 0
    [left] = duty.occurrences.unfinished()
    number = duty.occurrences.count()
    occurrence_close(
        actor=manager,
        occurrence=left,
        completed_on=today,
        result="compliant",
        note="",
        expected_version=left.version,
    )
    assert retire_ended(plan.project, today) == 1
    duty.refresh_from_db()
    assert (duty.lifecycle, duty.occurrences.count()) == (Lifecycle.RETIRED, number)
    assert retire_ended(plan.project, today) == 0


def test_without_anything_left_it_retires_at_once(manager: User, plan: Mechanism, duty: Obligation) -> None:
    duty.occurrences.filter(due_date__lt=date(plan.project.today.year, 1, 1)).delete()
    _publish(manager, plan, {"5.1": END})
    duty.refresh_from_db()
    assert duty.lifecycle == Lifecycle.RETIRED
    assert not duty.occurrences.unfinished().exists()


def test_what_the_preview_says_is_what_happens(manager: User, plan: Mechanism, duty: Obligation) -> None:
    decisions = {plan.conditions.get(number="5.1").pk: END}
    amendment = Amendment("Rev 3", date(plan.project.today.year, 1, 1), decisions=decisions)
    [outcome] = amendment_outcomes(plan, amendment, plan.project.today)
    [effect] = outcome.effects
    said = {one.pk for one in effect.cancelled}, {one.pk for one in effect.stays}, effect.retires
    assert Occurrence.objects.filter(state="cancelled", obligation=duty).count() == 0
    version_publish(actor=manager, mechanism=plan, amendment=amendment, seal=seal_of(plan))
    cancelled = set(duty.occurrences.filter(state="cancelled").values_list("pk", flat=True))
    left = set(duty.occurrences.unfinished().values_list("pk", flat=True))
    assert said == (cancelled, left, False)


def test_two_conditions_swap_their_numbers_and_their_obligations_follow(
    manager: User, plan: Mechanism, duty: Obligation
) -> None:
    other = Obligation.objects.create(
        project=plan.project,
        mechanism=plan,
        condition=plan.conditions.get(number="5.2"),
        number="5.2",
        requirement="Keep the logs.",
    )
    _publish(manager, plan, {"5.1": _reword("Sample the bores.", "5.2"), "5.2": _reword("Keep the logs.", "5.1")})
    duty.refresh_from_db()
    other.refresh_from_db()
    assert (duty.number, other.number) == ("5.2", "5.1")
    assert str(duty.condition) == "OEMP 5.2"


def test_what_stands_below_new_words_or_is_new_stands_below_the_new_row(manager: User, plan: Mechanism) -> None:
    old = plan.conditions.get(number="5")
    new = NewCondition(number="5.3", text="Fence the bores.", parent=old.pk)
    version = _publish(manager, plan, {"5": _reword("", heading="Groundwater")}, new=(new,))
    now = plan.conditions.get(number="5", ended_on=None)
    assert {row.number for row in now.children.all()} == {"5.1", "5.2", "5.3"}
    assert plan.conditions.get(number="5.3").introduced == version
    assert not old.children.exists()


@pytest.mark.parametrize(
    ("fates", "message"),
    [
        ({"5": END}, "Condition 5 ends but 5.1 below it goes on"),
        ({"5.1": _reword("Sample the bores.")}, "5.1 is to go on with new words: change them"),
        ({"5.1": _reword("x", "5.2")}, "There would be two conditions 5.2"),
    ],
)
def test_decisions_that_do_not_go_together_change_nothing(
    manager: User, plan: Mechanism, fates: dict[str, Decision], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        _publish(manager, plan, fates)
    assert not plan.versions.exists()
    assert not plan.conditions.exclude(ended_on=None).exists()


def test_a_version_comes_after_the_one_before(manager: User, plan: Mechanism) -> None:
    amendment = Amendment("Rev 0", date(2024, 12, 31), summary="x")
    with pytest.raises(ValidationError, match="It takes effect before the issue of 1 January 2025"):
        version_publish(actor=manager, mechanism=plan, amendment=amendment, seal=seal_of(plan))
    Mechanism.objects.filter(pk=plan.pk).update(issued=None)
    plan.refresh_from_db()
    with pytest.raises(ValidationError, match="Record first when OEMP was issued"):
        version_publish(actor=manager, mechanism=plan, amendment=amendment, seal=seal_of(plan))


def test_whoever_decided_about_other_words_is_told(manager: User, plan: Mechanism) -> None:
    seal = seal_of(plan)
    Condition.objects.filter(mechanism=plan, number="5.2").update(text="Keep all logs.")
    with pytest.raises(StaleAmendment):
        version_publish(actor=manager, mechanism=plan, amendment=Amendment("Rev 3", date(2026, 1, 1)), seal=seal)


def test_who_may_not_publish_publishes_nothing(viewer: User, plan: Mechanism) -> None:
    with pytest.raises(PermissionDenied):
        _publish(viewer, plan, {"5.2": END})
    assert not plan.versions.exists()


def test_what_falls_due_on_the_effective_date_is_cancelled_and_the_day_before_it_is_not(
    manager: User, plan: Mechanism, duty: Obligation
) -> None:
    first, second, *_ = duty.occurrences.order_by("due_date")
    assert second.due_date is not None
    decisions = {plan.conditions.get(number="5.1").pk: END}
    for effective, cancelled in ((second.due_date + timedelta(days=1), False), (second.due_date, True)):
        [outcome] = amendment_outcomes(plan, Amendment("Rev 3", effective, decisions=decisions), plan.project.today)
        [effect] = outcome.effects
        assert first in effect.stays
        assert (second in effect.cancelled, second in effect.stays) == (cancelled, not cancelled)
