"""Numbers of the dashboard equal the lists that they link to, over registers made at random."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from accounts.models import User
from django.db.models import Q
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obligations.listing import Listing
from obligations.models import Obligation
from obligations.querysets import ObligationQuerySet
from obligations.states import State, Status
from registers.models import Aspect, Mechanism, Phase, Project

from reports.numbers import Row, by_mechanism, by_project, by_state, by_word, forecast, next_due, overdue_by_age

TODAY = date(2026, 11, 23)
REGISTERS = st.lists(
    st.tuples(st.none() | st.integers(-800, 800), st.sampled_from(Status.values), st.integers(0, 2)), max_size=25
)


def emptied(project: Project) -> None:
    """Take everything out of a register."""
    project.non_compliances.all().delete()
    project.obligations.all().delete()


@pytest.fixture
def mechanisms(project: Project) -> list[Mechanism]:
    emptied(project)
    return [Mechanism.objects.create(project=project, reference=f"M{n}", short=f"M{n}") for n in range(3)]


def _fill(
    project: Project, mechanisms: list[Mechanism], register: list[tuple[int | None, str, int]]
) -> ObligationQuerySet:
    emptied(project)
    aspects = [None, *Aspect.objects.filter(organisation=project.organisation)[:2]]
    phases = [*Phase.objects.filter(organisation=project.organisation)[:2], None]
    for number, (days, status, mechanism) in enumerate(register):
        Obligation.objects.create(
            project=project,
            mechanism=mechanisms[mechanism],
            number=str(number),
            requirement="Whatever it is.",
            aspect=aspects[(number + mechanism) % 3],
            phase=phases[number % 3],
            status=status,
            action_due_date=None if days is None else TODAY + timedelta(days=days),
        )
    return Obligation.objects.filter(project=project)


def _listed(project: Project, query: str) -> int:
    return Listing(project=project, query=QueryDict(query), user=User(), on=TODAY).count


def _assert_true(project: Project, row: Row) -> None:
    for cell in row.cells:
        if cell.number:
            assert cell.number == _listed(project, cell.query), (row.label, cell)
    assert row.total == _listed(project, row.query), row.label


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(register=REGISTERS)
def test_each_number_is_the_length_of_the_list_it_leads_to(
    project: Project, mechanisms: list[Mechanism], register: list[tuple[int | None, str, int]]
) -> None:
    obligations = _fill(project, mechanisms, register)
    outlook = forecast(obligations, TODAY)
    rows = [by_state(obligations, TODAY), *by_mechanism(obligations, mechanisms, TODAY), *outlook.rows]
    ages = overdue_by_age(obligations, TODAY)
    words = [by_word(obligations, project, name, TODAY) for name in ("aspect", "phase")]
    for row in [*rows, *ages, *words[0], *words[1]]:
        _assert_true(project, row)
    # Each parts the register without overlap.
    assert {sum(row.total for row in parts) for parts in words} == {len(register)}
    assert sum(row.total for row in ages) == obligations.overdue(TODAY).count()
    assert outlook.later.number == _listed(project, outlook.later.query)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(register=REGISTERS)
def test_nothing_open_that_has_a_date_falls_through_the_forecast(
    project: Project, mechanisms: list[Mechanism], register: list[tuple[int | None, str, int]]
) -> None:
    obligations = _fill(project, mechanisms, register)
    outlook = forecast(obligations, TODAY)
    open_ = sum(cell.number for row in outlook.rows for cell in row.cells if cell.state != State.COMPLETED)
    dated = obligations.exclude(status=Status.COMPLETED).exclude(action_due_date=None)
    # What was handed in is to be done no more, whenever it fell due.
    end = TODAY.replace(day=1, year=TODAY.year + 1)
    dated = dated.exclude(Q(action_due_date__lt=TODAY.replace(day=1)) | Q(action_due_date__gte=end), status="submitted")
    assert open_ + outlook.later.number == dated.count()


def test_the_forecast_spans_this_month_and_the_next_eleven(project: Project) -> None:
    labels = [row.label for row in forecast(Obligation.objects.all(), TODAY).rows]
    assert labels[:3] == ["Earlier", "Nov 2026", "Dec 2026"]
    assert (labels[-1], len(labels)) == ("Oct 2027", 13)


def test_what_is_next_begins_with_what_is_late(project: Project) -> None:
    codes = [obligation.code for obligation in next_due(Obligation.objects.filter(project=project), 4)]
    assert codes == ["MS1234 6-2(3)", "MS1234 8-4", "CEMP 4.2", "L9876 12(a)"]


@time_machine.travel("2026-11-23T04:00:00Z", tick=False)
def test_each_project_is_counted_on_its_own_day(project: Project) -> None:
    east = Project.objects.create(
        organisation=project.organisation, code="EAST", name="Depot", timezone="Pacific/Kiritimati"
    )
    west = Project.objects.create(organisation=project.organisation, code="WEST", name="Atoll", timezone="Pacific/Niue")
    assert (east.today - west.today).days == 1
    for there in (east, west):
        mechanism = Mechanism.objects.create(project=there, reference="M", short="M")
        Obligation.objects.create(
            project=there, mechanism=mechanism, number="1", requirement="Report.", action_due_date=west.today
        )
    late = {
        where.code: cell.number
        for where, row in by_project([east, west])
        for cell in row.cells
        if cell.state == State.OVERDUE
    }
    assert late == {"EAST": 1, "WEST": 0}
