from __future__ import annotations

from datetime import date, timedelta

import pytest
from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from hypothesis import given
from hypothesis import strategies as st
from registers.models import Project

from obligations.models import Obligation
from obligations.states import State, Status

TODAY = date(2026, 11, 23)


@pytest.mark.django_db
def test_a_stranger_sees_nothing(project: Project, stranger: User) -> None:
    assert not Obligation.objects.visible_to(stranger).exists()
    assert not Obligation.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.django_db
def test_a_member_sees_the_register_and_an_inactive_one_does_not(project: Project, viewer: User) -> None:
    assert Obligation.objects.visible_to(viewer).count() == 20
    viewer.is_active = False
    viewer.save()
    assert not Obligation.objects.visible_to(viewer).exists()


@pytest.mark.django_db
def test_the_counts_of_the_states_add_up_and_match_each_row(project: Project) -> None:
    counts = Obligation.objects.state_counts(TODAY)
    assert sum(counts.values()) == 20
    assert Obligation.objects.state_counts_by("project", TODAY) == {project.pk: counts}
    for state, number in counts.items():
        assert sum(obligation.state(TODAY) == state for obligation in project.obligations.all()) == number
        assert Obligation.objects.in_state(state, TODAY).count() == number


@given(days=st.integers(-400, 400), status=st.sampled_from(Status.values), dated=st.booleans())
def test_an_obligation_stands_in_one_state_and_is_late_only_after_its_day(days: int, status: str, dated: bool) -> None:
    due = TODAY + timedelta(days=days) if dated else None
    state = Obligation(status=status, action_due_date=due).state(TODAY)
    expected = State.OVERDUE if days < 0 else State.DUE_SOON if days <= 30 else State.UPCOMING
    if status in {Status.COMPLETED, Status.SUBMITTED}:
        expected = State.COMPLETED if status == Status.COMPLETED else State.IN_REVIEW
    elif not dated:
        expected = State.NO_DATE
    assert state is expected


@pytest.mark.django_db
def test_search_finds_every_word_wherever_it_stands(project: Project) -> None:
    found = Obligation.objects.search("groundwater quarter")
    assert [obligation.code for obligation in found] == ["MS1234 8-4"]
    assert not Obligation.objects.search("groundwater cockatoo").exists()
    assert {"MS1234 6-2(1)", "MS1234 8-4"} <= {found.code for found in Obligation.objects.search("adviser ms1234")}


@pytest.mark.django_db
def test_what_falls_due_within_a_week_leaves_out_what_is_done(project: Project) -> None:
    codes = {obligation.code for obligation in Obligation.objects.due_within(7, TODAY)}
    assert codes == {"L9876 12(a)", "CEMP 9.3(b)"}
