from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from registers.models import Mechanism, Project

from obligations.models import Obligation

pytestmark = pytest.mark.django_db


def seed_demo() -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue().strip()


def test_the_demo_register_has_twenty_obligations_under_six_mechanisms() -> None:
    assert seed_demo() == "created"
    assert Obligation.objects.count() == 20
    assert Mechanism.objects.count() == 6
    assert Mechanism.objects.get(short="CEMP").parent == Mechanism.objects.get(short="MS1234")


def test_seeding_again_changes_nothing() -> None:
    seed_demo()
    Project.objects.filter(code="WRL").update(name="Renamed by somebody")
    assert seed_demo() == "unchanged"
    assert Project.objects.get().name == "Renamed by somebody"


def test_two_mechanisms_may_both_have_a_condition_of_one_number() -> None:
    seed_demo()
    first, second = Mechanism.objects.all()[:2]
    for mechanism in (first, second):
        Obligation.objects.create(project=first.project, mechanism=mechanism, number="1.1(a)", requirement="Do it.")
    assert Obligation.objects.filter(number="1.1(a)").count() == 2
