"""Several projects on one page: under the same filters, each number as long as the list that it leads to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from accounts.models import Organisation, User
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obligations.listing import Listing
from obligations.models import Obligation
from registers.models import Aspect, Mechanism, Phase, Project, ProjectMembership

from reports import rollup_views
from reports.rollup import RollUp
from reports.tests.test_numbers import emptied

TODAY = date(2026, 11, 23)
ROWS = st.lists(st.tuples(st.booleans(), st.none() | st.integers(-60, 60), st.integers(0, 2), st.integers(0, 2)))


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rollup_views, "draw_ahead", lambda _: None)
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def second(project: Project) -> Project:
    return Project.objects.create(organisation=project.organisation, code="EAST", name="Depot")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, aspect=st.integers(-1, 2), phase=st.integers(-1, 2))
def test_each_number_is_the_length_of_the_list_it_leads_to(
    project: Project, second: Project, rows: list[tuple[bool, int | None, int, int]], aspect: int, phase: int
) -> None:
    aspects = [None, *Aspect.objects.filter(organisation=project.organisation)[:2]]
    phases = [None, *Phase.objects.filter(organisation=project.organisation)[:2]]
    for place in (project, second):
        emptied(place)
    where = {place: Mechanism.objects.get_or_create(project=place, reference="M")[0] for place in (project, second)}
    for number, (here, days, which, when) in enumerate(rows):
        place = project if here else second
        Obligation.objects.create(
            project=place,
            mechanism=where[place],
            number=str(number),
            requirement="Report.",
            aspect=aspects[which],
            phase=phases[when],
            action_due_date=None if days is None else TODAY + timedelta(days=days),
        )
    query = QueryDict(mutable=True)
    for name, words, chosen in (("aspect", aspects, aspect), ("phase", phases, phase)):
        if chosen >= 0:
            query[name] = str(getattr(words[chosen], "pk", 0))
    together = RollUp([project, second], query, project.organisation)
    assert together.given == {name: int(str(value)) for name, value in query.items()}
    for place, row in together.rows:
        for asked, number in [(cell.query, cell.number) for cell in row.cells] + [(row.query, row.total)]:
            assert number == Listing(project=place, query=QueryDict(asked), user=User(), on=TODAY).count, asked
    assert sum(number for _, number in together.states) == sum(row.total for _, row in together.rows)


def test_the_page_its_figure_and_its_table_obey_the_same_filters(
    client: Client, viewer: User, project: Project, second: Project
) -> None:
    ProjectMembership.objects.create(project=second, user=viewer, role="manager")
    client.force_login(viewer)
    aspect = Aspect.objects.filter(organisation=project.organisation, name="Water").get()
    there = Obligation.objects.filter(project=project, aspect=aspect).count()
    page = client.get("/projects/", {"aspect": aspect.pk}).content.decode()
    assert f"/projects/WRL/register/?aspect={aspect.pk}" in page
    assert f"aspect={aspect.pk}" in page.split("by-project.png?")[1]
    whole, part = (client.get("/projects/figures/by-project.svg", asked) for asked in ({}, {"aspect": aspect.pk}))
    assert (whole.status_code, part.status_code) == (200, 200)
    assert f"{project.name} {there}" in part.content.decode()
    assert whole.headers["ETag"] != part.headers["ETag"]
    assert client.get("/projects/figures/by-project.png").content.startswith(b"\x89PNG")
    # Only a reader may not take the numbers of a project away.
    saved = client.get("/projects/figures/by-project.csv", {"aspect": aspect.pk})
    text = b"".join(saved.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it streams
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["Code", "EAST"]


def test_projects_of_others_are_in_no_number(client: Client, stranger: User, project: Project) -> None:
    theirs = Organisation.objects.create(name="Theirs", slug="theirs")
    for code in ("ONE", "TWO"):
        ProjectMembership.objects.create(
            project=Project.objects.create(organisation=theirs, code=code, name=code), user=stranger, role="manager"
        )
    client.force_login(stranger)
    for address in ("/projects/", f"/projects/?organisation={project.organisation.slug}"):
        together = client.get(address).context["together"]
        assert {each.code for each in together.projects} == {"ONE", "TWO"}
        assert sum(number for _, number in together.states) == 0


def test_organisations_share_no_words(client: Client, viewer: User, project: Project) -> None:
    other = Organisation.objects.create(name="Other", slug="other")
    elsewhere = Project.objects.create(organisation=other, code="ELSE", name="Elsewhere")
    ProjectMembership.objects.create(project=elsewhere, user=viewer, role="manager")
    client.force_login(viewer)
    assert client.get("/projects/").context["together"].form is None
    assert "together" not in client.get("/projects/?organisation=other").context
