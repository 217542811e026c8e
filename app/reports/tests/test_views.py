"""The project list, the dashboard and the figure, as a browser gets them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from accounts.models import Organisation, User
from django.test import Client
from obligations.models import Obligation, Occurrence
from obligations.services.occurrences import occurrence_close
from obligations.states import State
from pytest_django import DjangoAssertNumQueries
from registers.models import Mechanism, Project, ProjectMembership

from reports import pictures, rendering, rollup_views, views
from reports.tests.test_numbers import emptied
from reports.watching import rates, watches

URL = "/projects/WRL/"
FIGURE = "/projects/WRL/figures/due-forecast.svg"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture(autouse=True)
def _nothing_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw what is asked for and nothing beside the test."""
    for module in (views, rollup_views):
        monkeypatch.setattr(module, "draw_ahead", lambda _: None)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every figure be there when the page asks."""
    monkeypatch.setattr(views, "draw_ahead", lambda drawings: [one.path.write_text("<svg/>") for one in drawings])


@pytest.fixture
def page(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def _numbers(text: str) -> list[tuple[str, int]]:
    """Return each link to the register with a number as its text."""
    links = re.findall(r'href="(/projects/WRL/register/[^"]*)"[^>]*>\s*(?:<strong>)?(\d+)', text)
    return [(html.unescape(url), int(number)) for url, number in links]


def test_a_picture_is_kept_by_the_browser_until_the_register_changes(page: Client, drawn: None) -> None:
    """Its address names what it shows, so that a page that is opened again asks for none."""
    text = page.get(URL).content.decode()
    address = html.unescape(re.search(rf'src="({FIGURE}[^"]*)"', text)[1])  # type: ignore[index]  # it is there
    assert "immutable" in page.get(address).headers["Cache-Control"]
    assert page.get(f"{FIGURE}?v=0").headers["Cache-Control"] == "private, no-cache"
    mechanism = Mechanism.objects.filter(project__code="WRL")[0]
    Obligation.objects.create(
        project=mechanism.project,
        mechanism=mechanism,
        number="new",
        requirement="Report.",
        action_due_date=date(2026, 12, 24),
    )
    assert address not in html.unescape(page.get(URL).content.decode())
    assert page.get(address).headers["Cache-Control"] == "private, no-cache"


def test_the_dashboard_is_written_once_for_each_state_of_the_register(
    page: Client, drawn: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page.get(URL)
    with django_assert_max_num_queries(5):
        page.get(URL)


def test_every_number_leads_to_a_list_of_that_length(page: Client) -> None:
    numbers = _numbers(page.get(URL).content.decode())
    assert len(numbers) > 25
    for url, number in numbers:
        rows = page.get(url, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results").content.decode().count('scope="row"')
        assert rows == number, url


def test_it_shows_what_is_next_and_the_day_it_speaks_of(page: Client) -> None:
    text = page.get(URL).content.decode()
    assert "as at Monday 23 November 2026" in text
    assert "Weed mapping must be reviewed" in text
    assert "31 May 2026" in text


def test_the_figure_stands_beside_a_table_and_in_words(page: Client, drawn: None) -> None:
    text = page.get(URL).content.decode()
    assert f'src="{FIGURE}?v=' in text
    assert re.search(rf'{FIGURE}\?v=\w+&amp;theme=dark&amp;size=narrow"', text)
    assert "Stacked bars, one a month" in text
    assert "3 overdue, 4 due in 30 days, 4 upcoming" in text
    assert text.count('<th scope="row">') >= 13


def test_until_a_picture_is_there_the_page_shows_the_table_and_looks_again(page: Client) -> None:
    text = page.get(URL).content.decode()
    assert "<img" not in text.partition("<main")[2]
    assert text.count("The picture is being drawn") == 5
    assert 'hx-get="/projects/WRL/figures/by-aspect/?tries=1"' in text
    assert "Look at the picture</a> by itself" in text
    assert len(_numbers(text)) > 25
    part = page.get("/projects/WRL/figures/by-aspect/", {"tries": "1"}).content.decode()
    assert 'tries=2"' in part
    assert "load delay:4s" in part
    last = page.get("/projects/WRL/figures/by-aspect/", {"tries": str(pictures.TRIES)}).content.decode()
    assert "hx-get" not in last
    assert "The picture is not there yet" in last


def test_a_page_that_looks_again_asks_again(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[rendering.Drawing] = []
    monkeypatch.setattr(views, "draw_ahead", asked.extend)
    page.get("/projects/WRL/figures/by-aspect/", {"tries": "1"})
    assert len(asked) == 4


def test_a_picture_that_failed_is_said_and_looked_for_again(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering.Drawing, "failed", True)
    text = page.get(URL).content.decode()
    assert text.count("could not be drawn; the page will try again") == 5
    assert "hx-get" in text


def test_once_it_is_there_its_place_holds_the_picture(page: Client, drawn: None) -> None:
    page.get(URL)
    part = page.get("/projects/WRL/figures/by-aspect/", {"tries": "2"}).content.decode()
    assert 'src="/projects/WRL/figures/by-aspect.svg?v=' in part
    assert "hx-get" not in part


def test_what_presses_leads_to_lists_of_that_length(page: Client, project: Project) -> None:
    pressing = watches([project])[project.pk]
    assert [watch.number for watch in pressing] != [0, 0, 0]
    text = html.unescape(page.get(URL).content.decode())
    for watch in pressing:
        assert page.get(watch.url).context["page"].paginator.count == watch.number, watch.label
        assert (f'href="{watch.url}"' in text) == bool(watch.number)
    rate = rates([project])[project.pk]
    assert rate.judged >= rate.compliant > 0
    assert page.get(rate.url).context["page"].paginator.count == rate.compliant
    assert f"{rate.compliant} of {rate.judged} in twelve months" in text


def test_several_projects_are_added_up_and_parted_by_organisation(page: Client, viewer: User, project: Project) -> None:
    alone = page.get("/projects/")
    assert alone.context.get("together") is None
    other = Organisation.objects.create(name="Brigalow Gas", slug="brigalow-gas")
    gas = Project.objects.create(organisation=other, code="GAS", name="Gas")
    hidden = Project.objects.create(organisation=other, code="HID", name="Hidden")
    ProjectMembership.objects.create(project=gas, user=viewer, role="viewer")
    for where in (gas, hidden):
        mechanism = Mechanism.objects.create(project=where, reference="M", short="M")
        Obligation.objects.create(
            project=where, mechanism=mechanism, number="1", requirement="Report.", action_due_date=date(2026, 1, 1)
        )
    both = page.get("/projects/")
    assert dict(both.context["together"].states)[State.OVERDUE] == 4
    assert {code.code for code, *_ in both.context["projects"]} == {"WRL", "GAS"}
    one = page.get("/projects/", {"organisation": "brigalow-gas"})
    assert [code.code for code, *_ in one.context["projects"]] == ["GAS"]
    assert "Wandoo" not in one.content.decode()


def test_an_empty_project_says_where_to_begin(page: Client, project: Project) -> None:
    emptied(project)
    text = page.get(URL).content.decode()
    assert "Nothing in this register yet" in text
    assert "due-forecast" not in text


def test_it_takes_as_many_queries_for_200_rows_as_for_10(
    page: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(rows: int) -> int:
        emptied(project)
        mechanisms = list(project.mechanisms.all())
        for number in range(rows):
            Obligation.objects.create(
                project=project,
                mechanism=mechanisms[number % 5],
                number=f"{rows}-{number}",
                requirement="Cost the same.",
                action_due_date=date(2026, 12, 1),
            )
        with django_assert_max_num_queries(30) as counted:
            page.get(URL)
        return len(counted)

    assert queries(10) == queries(200)


def test_home_leads_to_the_one_project_or_to_the_list(page: Client, viewer: User, project: Project) -> None:
    assert page.get("/").headers["Location"] == URL
    second = Project.objects.create(organisation=project.organisation, code="TWO", name="Second pit")
    ProjectMembership.objects.create(project=second, user=viewer, role="viewer")
    assert page.get("/").headers["Location"] == "/projects/"


def test_the_list_holds_the_projects_of_the_person_and_their_numbers(page: Client, project: Project) -> None:
    Project.objects.create(organisation=project.organisation, code="HID", name="Hidden pit")
    text = page.get("/projects/").content.decode()
    assert "Wandoo Ridge Lithium" in text
    assert "3 overdue" in text
    assert "Hidden pit" not in text


def test_somebody_without_a_project_is_told_what_to_do(client: Client, db: None) -> None:
    lonely = User.objects.create_user("new@example.com", "a-long-test-password")
    client.force_login(lonely)
    text = client.get("/projects/").content.decode()
    assert "You are in no project yet" in text
    assert "new@example.com" in text


def test_the_list_takes_as_many_queries_for_20_projects_as_for_2(
    page: Client, viewer: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(projects: int) -> int:
        for number in range(project.organisation.projects.count(), projects):
            more = Project.objects.create(organisation=project.organisation, code=f"P{number}", name=f"Pit {number}")
            ProjectMembership.objects.create(project=more, user=viewer, role="viewer")
            Mechanism.objects.create(project=more, reference="M", short="M")
        with django_assert_max_num_queries(16) as counted:
            page.get("/projects/")
        return len(counted)

    assert queries(2) == queries(20)


def test_a_figure_comes_as_a_picture_that_the_browser_keeps(page: Client) -> None:
    response = page.get(FIGURE)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert b"Due in 30 days" in response.content
    again = page.get(FIGURE, HTTP_IF_NONE_MATCH=response.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == response.headers["ETag"]


def test_a_changed_register_changes_the_figure(page: Client, project: Project, manager: User) -> None:
    before = page.get(FIGURE).headers["ETag"]
    weeds = Occurrence.objects.get(obligation__number="6-2(3)", due_date="2026-05-31")
    occurrence_close(
        actor=manager,
        occurrence=weeds,
        completed_on=date(2026, 11, 20),
        result="compliant",
        note="",
        expected_version=weeds.version,
    )
    changed = page.get(FIGURE, HTTP_IF_NONE_MATCH=before)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != before


def test_a_figure_that_fails_says_so_and_the_page_stays(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise rendering.FigureUnavailable

    monkeypatch.setattr(pictures, "picture_of", fail)
    response = page.get(FIGURE, {"theme": "dark"})
    assert response.status_code == 503
    assert b"The table holds the same numbers" in response.content
    assert page.get(URL).status_code == 200


@pytest.mark.parametrize("query", [{"theme": "pink"}, {"size": "huge"}])
def test_a_figure_of_another_kind_does_not_exist(page: Client, query: dict[str, str]) -> None:
    assert page.get(FIGURE, query).status_code == 404
    assert page.get("/projects/WRL/figures/pie.svg").status_code == 404


@pytest.mark.parametrize("url", [URL, FIGURE])
def test_a_project_of_others_is_nowhere(client: Client, stranger: User, project: Project, url: str) -> None:
    assert client.get(url).headers["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    assert "Wandoo" not in client.get("/projects/").content.decode()
