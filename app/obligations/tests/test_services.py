from __future__ import annotations

import pytest
from accounts.models import Organisation, User
from django.core.exceptions import PermissionDenied, ValidationError
from registers.models import Aspect, Condition, Mechanism, Project

from obligations.models import Obligation
from obligations.services.obligations import StaleObligation, obligation_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def obligation(project: Project) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


def test_a_change_is_stored_and_counted(obligation: Obligation, manager: User) -> None:
    saved = obligation_update(
        actor=manager, obligation=obligation, changes={"title": "Groundwater levels"}, expected_version=1
    )
    assert (saved.title, saved.version) == ("Groundwater levels", 2)


def test_the_second_of_two_editors_overwrites_nothing_and_sees_the_first(obligation: Obligation, manager: User) -> None:
    obligation_update(actor=manager, obligation=obligation, changes={"title": "First"}, expected_version=1)
    with pytest.raises(StaleObligation) as stale:
        obligation_update(actor=manager, obligation=obligation, changes={"title": "Second"}, expected_version=1)
    assert stale.value.current.title == "First"
    obligation.refresh_from_db()
    assert (obligation.title, obligation.version) == ("First", 2)


def test_whoever_may_only_look_changes_nothing(obligation: Obligation, viewer: User) -> None:
    with pytest.raises(PermissionDenied):
        obligation_update(actor=viewer, obligation=obligation, changes={"title": "Mine"}, expected_version=1)


def test_a_value_that_is_not_allowed_changes_nothing(obligation: Obligation, manager: User) -> None:
    with pytest.raises(ValidationError):
        obligation_update(actor=manager, obligation=obligation, changes={"status": "finished"}, expected_version=1)
    obligation.refresh_from_db()
    assert obligation.version == 1


def test_an_obligation_cannot_name_what_belongs_elsewhere(obligation: Obligation, manager: User) -> None:
    elsewhere = Organisation.objects.create(name="Brigalow Gas", slug="brigalow-gas")
    theirs = Project.objects.create(organisation=elsewhere, code="BRG", name="Brigalow")
    mechanism = Mechanism.objects.create(project=theirs, kind="epl", short="EPL1", reference="EPL 1")
    for changes, remedy in (
        ({"mechanism": mechanism}, "choose one of this project"),
        ({"condition": Condition.objects.create(mechanism=mechanism, number="1")}, "choose one of this mechanism"),
        ({"aspect": Aspect.objects.create(organisation=elsewhere, name="Gas")}, "choose one of this organisation"),
    ):
        with pytest.raises(ValidationError, match=remedy):
            obligation_update(actor=manager, obligation=obligation, changes=changes, expected_version=1)
