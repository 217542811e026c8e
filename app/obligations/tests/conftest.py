"""Obligations to try things on."""

from __future__ import annotations

from datetime import date

import pytest
from accounts.models import User
from registers.models import Project

from obligations.models import Obligation
from obligations.services.obligations import obligation_create
from obligations.tests.duties import set_rule


@pytest.fixture
def duty(project: Project, manager: User) -> Obligation:
    """An obligation without a rule."""
    mechanism = project.mechanisms.get(short="MS1234")
    return obligation_create(
        actor=manager, project=project, values={"mechanism": mechanism, "number": "99-1", "requirement": "Do it."}
    )


@pytest.fixture
def monthly(duty: Obligation, manager: User) -> Obligation:
    """Due on the last day of each month, from September."""
    set_rule(duty, manager, anchor_date=date(2026, 9, 30), eom=True)
    return duty
