"""Whatever people do in whatever order: no history is lost, and the register's columns say what the occurrences say."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

import pytest
import time_machine
from accounts.models import Organisation, User
from audit.models import AuditEvent
from django.core.exceptions import ValidationError
from registers.models import Holiday, Project

from obligations.models import Basis, End, Obligation, Occurrence, Unit
from obligations.services.materialise import materialise, rematerialise
from obligations.services.obligations import (
    obligation_reinstate,
    obligation_resume,
    obligation_retire,
    obligation_suspend,
)
from obligations.services.occurrences import (
    occurrence_cancel,
    occurrence_close,
    occurrence_extend,
    occurrence_reopen,
    occurrence_start,
    occurrence_submit,
)
from obligations.services.projection import Standing, standing
from obligations.services.rules import rule_set
from obligations.states import Lifecycle, Result

TODAY = date(2026, 11, 23)
ACTS = 40


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


class Somebody:
    """Does anything that the services allow, at random but the same for each seed."""

    def __init__(self, seed: int, duty: Obligation, actor: User) -> None:
        self.random = Random(seed)  # noqa: S311 - a test's order of acts is no secret
        self.duty, self.actor = duty, actor
        self.acts: list[Callable[[], object]] = [
            self.start,
            self.submit,
            self.close,
            self.close,
            self.reopen,
            self.cancel,
            self.extend,
            self.change_rule,
            self.suspend_or_resume,
            self.retire_or_reinstate,
            self.add_holiday,
            self.next_day,
        ]

    def act(self) -> None:
        self.duty.refresh_from_db()
        with contextlib.suppress(ValidationError):  # a no, which must change nothing either
            self.random.choice(self.acts)()

    def one(self) -> Occurrence:
        found = list(self.duty.occurrences.order_by("sequence"))
        if not found:
            raise ValidationError("There is none.")
        return self.random.choice(found[:6])

    def day(self, spread: int = 60) -> date:
        return TODAY + timedelta(days=self.random.randint(-spread, spread))

    def start(self) -> None:
        one = self.one()
        occurrence_start(actor=self.actor, occurrence=one, expected_version=one.version)

    def submit(self) -> None:
        one = self.one()
        occurrence_submit(
            actor=self.actor,
            occurrence=one,
            completed_on=self.day(),
            result=Result.COMPLIANT,
            note="",
            expected_version=one.version,
        )

    def close(self) -> None:
        one = self.one()
        occurrence_close(
            actor=self.actor,
            occurrence=one,
            completed_on=self.day(),
            result=self.random.choice(Result.values),
            note="",
            expected_version=one.version,
        )

    def reopen(self) -> None:
        one = self.one()
        occurrence_reopen(actor=self.actor, occurrence=one, reason="Again.", expected_version=one.version)

    def cancel(self) -> None:
        one = self.one()
        occurrence_cancel(actor=self.actor, occurrence=one, reason="Not needed.", expected_version=one.version)

    def extend(self) -> None:
        one = self.one()
        occurrence_extend(
            actor=self.actor,
            occurrence=one,
            new_date=self.day(),
            granted_by="DWER",
            reference="DER/1",
            reason="More time.",
            expected_version=one.version,
        )

    def change_rule(self) -> None:
        basis = self.random.choice([Basis.FIXED, Basis.FIXED, Basis.AFTER_COMPLETION, Basis.ONE_OFF])
        rule_set(
            actor=self.actor,
            obligation=self.duty,
            values={
                "basis": basis,
                "anchor_date": self.day(200),
                "interval": self.random.randint(1, 6),
                "unit": self.random.choice([Unit.WEEK, Unit.MONTH]),
                "end": End.NEVER,
            },
        )

    def suspend_or_resume(self) -> None:
        if self.duty.lifecycle == Lifecycle.SUSPENDED:
            obligation_resume(actor=self.actor, obligation=self.duty, on=self.day())
        else:
            obligation_suspend(actor=self.actor, obligation=self.duty, starts_on=self.day(), reason="Pause.")

    def retire_or_reinstate(self) -> None:
        act = obligation_reinstate if self.duty.lifecycle == Lifecycle.RETIRED else obligation_retire
        act(actor=self.actor, obligation=self.duty, reason="Decided.")

    def add_holiday(self) -> None:
        Holiday.objects.get_or_create(project=self.duty.project, on=self.day(), defaults={"name": "Proclaimed"})
        rematerialise(self.duty, TODAY)

    def next_day(self) -> None:
        materialise(Obligation.objects.filter(pk=self.duty.pk), self.day())


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_nothing_that_people_do_loses_history_or_leaves_the_register_behind(
    seed: int, project: Project, manager: User
) -> None:
    duty = Obligation.objects.create(
        project=project, mechanism=project.mechanisms.all()[0], number="99-9", requirement="Do it."
    )
    somebody = Somebody(seed, duty, manager)
    somebody.change_rule()
    worked_on: set[int] = set()
    for _ in range(ACTS):
        somebody.act()
        present = list(Occurrence.objects.filter(obligation=duty))
        assert worked_on <= {one.pk for one in present}
        worked_on |= {one.pk for one in present if one.touched}
        duty.refresh_from_db()
        wanted = standing(present)
        if duty.lifecycle == Lifecycle.RETIRED:
            wanted = wanted._replace(action_due_date=None)
        assert Standing(duty.action_due_date, duty.status, duty.close_out_date) == wanted
        rematerialised = rematerialise(duty, TODAY)
        assert not rematerialise(duty, TODAY), (rematerialised, "making them again changed something")
    sequences = AuditEvent.objects.filter(organisation=Organisation.objects.get()).values_list("sequence", flat=True)
    assert sorted(sequences) == list(range(1, len(sequences) + 1))
