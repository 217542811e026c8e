"""People of the demo register with something to do."""

from __future__ import annotations

import pytest
from accounts.models import Membership, User
from accounts.roles import Role
from obligations.models import Obligation
from registers.models import Project

from notifications.tests.clocks import obligation


@pytest.fixture
def rob(project: Project) -> User:
    return User.objects.get(email="rob.nullagine@karrawirra.example")


@pytest.fixture
def maya(project: Project) -> User:
    return User.objects.get(email="maya.okafor@karrawirra.example")


@pytest.fixture
def ines(project: Project) -> User:
    return User.objects.get(email="ines.ferreira@karrawirra.example")


@pytest.fixture
def boss(project: Project) -> User:
    """The administrator of the organisation."""
    user = User.objects.create_user("boss@karrawirra.example", name="Bo Ss")
    Membership.objects.create(organisation=project.organisation, user=user, role=Role.ADMIN)
    return user


@pytest.fixture
def spill_kits(rob: User) -> Obligation:
    """Due on the last day of each month, with somebody who does it."""
    duty = obligation("CEMP", "9.3(b)")
    Obligation.objects.filter(pk=duty.pk).update(responsible_person=rob, title="Spill kits")
    return obligation("CEMP", "9.3(b)")
