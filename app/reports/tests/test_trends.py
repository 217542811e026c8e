"""Trends: each number equals the list that it leads to, over registers made at random, whatever is filtered."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from accounts.models import User
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obligations.listing import Listing
from obligations.models import Obligation, Occurrence
from obligations.states import OccurrenceState, Result
from pytest_django import DjangoAssertNumQueries
from registers.models import Mechanism, Project

from reports import views
from reports.rendering import Drawing
from reports.scope import Scope
from reports.tests.test_numbers import REGISTERS, TODAY, _fill, emptied
from reports.tests.test_numbers import mechanisms as mechanisms  # noqa: PLC0414 - a fixture
from reports.trends import PANELS, Panel, panel

URL = "/projects/WRL/trends/"
DONE = st.lists(
    st.tuples(
        st.integers(0, 24),
        st.integers(-500, 0),
        st.none() | st.integers(-40, 40),
        st.sampled_from(Result.values),
        st.sampled_from([OccurrenceState.CLOSED, OccurrenceState.CLOSED, OccurrenceState.OPEN]),
    ),
    max_size=25,
)
# A filter with its first value, and how many months.
ASKED = st.tuples(st.sampled_from(["", "mechanism", "aspect", "phase"]), st.sampled_from([12, 24]))


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def page(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def _did(project: Project, done: list[tuple[int, int, int | None, str, str]]) -> None:
    """Let occurrences of some obligations have been done some days ago, and some days late or early."""
    rows = list(project.obligations.all())
    for sequence, (row, ago, late, result, state) in enumerate(done):
        if not rows:
            return
        day = TODAY + timedelta(days=ago)
        closed = state == OccurrenceState.CLOSED
        Occurrence.objects.create(
            project=project,
            obligation=rows[row % len(rows)],
            sequence=sequence,
            due_date=None if late is None else day - timedelta(days=late),
            completed_on=day if closed else None,
            result=result if closed else "",
            state=state,
        )


def _listed(project: Project, url: str) -> int:
    parts = urlsplit(url)
    query = QueryDict(parts.query)
    if parts.path.endswith("/done/"):
        return Scope(project, query, User()).closings().count()
    assert parts.path.endswith("/register/")
    return Listing(project=project, query=query, user=User(), on=TODAY).count


def _assert_true(project: Project, shown: Panel) -> None:
    for line in shown.lines:
        for column, entry in zip(shown.columns, line.entries, strict=True):
            # A nought leads nowhere.
            if entry.url and entry.value:
                assert entry.value == _listed(project, entry.url), (shown.chart.name, line.label, column)
    if shown.total:
        number = next(int(word) for word in str(shown.total.value).split() if word.isdecimal())
        assert number == _listed(project, shown.total.url), shown.chart.name


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(register=REGISTERS, done=DONE, asked=ASKED)
def test_each_number_is_the_length_of_the_list_it_leads_to(
    project: Project,
    mechanisms: list[Mechanism],
    register: list[tuple[int | None, str, int]],
    done: list[tuple[int, int, int | None, str, str]],
    asked: tuple[str, int],
) -> None:
    filtered, months = asked
    obligations = _fill(project, mechanisms, register)
    _did(project, done)
    values = [value for value in obligations.values_list(filtered, flat=True) if value] if filtered else []
    query = QueryDict(f"months={months}" + (f"&{filtered}={values[0]}" if values else ""))
    scope = Scope(project, query, User())
    panels = [make(scope) for make in PANELS.values()]
    for shown in panels:
        _assert_true(project, shown)
    closings = {shown.chart.name: shown for shown in panels}["close-out"]
    everything = scope.occurrences.closed_between(scope.past[0], TODAY)
    assert sum(int(line.entries[-1].value) for line in closings.lines) == everything.count()


def test_what_was_done_is_parted_by_its_due_date(project: Project, mechanisms: list[Mechanism]) -> None:
    _fill(project, mechanisms, [(3, "not_started", 0)])
    closed = OccurrenceState.CLOSED
    _did(
        project,
        [
            (0, -3, 0, Result.COMPLIANT, closed),
            (0, -3, 1, Result.COMPLIANT, closed),
            (0, -3, None, Result.NOT_TRIGGERED, closed),
            (0, -40, -9, Result.NON_COMPLIANT, closed),
        ],
    )
    scope = Scope(project, QueryDict(), User())
    month = panel(scope, "close-out").lines[-1]
    assert (month.label, [entry.value for entry in month.entries]) == ("Nov 2026", [2, 1, 3])
    rates = panel(scope, "compliance")
    assert [entry.value for entry in rates.lines[-1].entries] == [2, 0, 0, "100\N{NO-BREAK SPACE}%"]
    assert [entry.value for entry in rates.lines[-2].entries] == [0, 0, 1, "0\N{NO-BREAK SPACE}%"]
    assert [entry.value for entry in rates.lines[-3].entries] == [0, 0, 0, ""]
    assert rates.chart.data["rates"][-3:] == [None, 0, 100]


def test_a_mechanism_within_its_plans_is_counted_by_itself(project: Project) -> None:
    above = next(row for row in project.mechanisms.all() if row.parent_id is None and row.plans.exists())
    scope = Scope(project, QueryDict(f"mechanism={above.pk}&plans=yes"), User())
    shown = panel(scope, "by-mechanism")
    assert len(shown.lines) > 1
    _assert_true(project, shown)


def _links(text: str) -> list[tuple[str, int]]:
    links = re.findall(r'href="(/projects/WRL/(?:register|done)/[^"]*)"[^>]*>\s*(\d+)', text)
    return [(html.unescape(url), int(number)) for url, number in links]


def test_the_page_shows_each_figure_with_its_table_and_keeps_the_filters(page: Client, project: Project) -> None:
    mechanism = project.mechanisms.get(reference="MS 1234")
    text = page.get(URL, {"mechanism": str(mechanism.pk), "months": "24"}).content.decode()
    for name in PANELS:
        assert f'id="{name}"' in text
    assert "coming twenty-four months" in text
    links = _links(text)
    assert len(links) > 20
    assert all(parse_qs(urlsplit(url).query)["mechanism"] == [str(mechanism.pk)] for url, _ in links)
    for url, number in links[::5]:
        if "/done/" in url:
            assert f"{number} closed" in page.get(url).content.decode()
        else:
            rows = page.get(url, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results").content.decode()
            assert rows.count('scope="row"') == number, url


def test_a_picture_is_drawn_when_somebody_comes_to_it(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Drawing] = []
    monkeypatch.setattr(views, "draw_ahead", asked.extend)
    text = page.get(URL, {"months": "18"}).content.decode()
    assert len(asked) == 4
    assert 'hx-get="/projects/WRL/figures/quarter/?months=18&amp;tries=1"' in text
    assert "intersect once" in text
    page.get("/projects/WRL/figures/quarter/", {"months": "18", "tries": "1"})
    assert len(asked) == 8


def test_a_figure_is_drawn_as_its_filters_ask_and_kept_once(page: Client, project: Project) -> None:
    mechanism = project.mechanisms.get(reference="MS 1234")
    whole = page.get("/projects/WRL/figures/by-aspect.svg")
    part = page.get("/projects/WRL/figures/by-aspect.svg", {"mechanism": mechanism.pk})
    assert (whole.status_code, part.status_code) == (200, 200)
    assert whole.headers["ETag"] != part.headers["ETag"]
    same = page.get("/projects/WRL/figures/by-aspect.svg", {"mechanism": "no such"})
    assert same.headers["ETag"] == whole.headers["ETag"]


def test_a_figure_is_taken_away_as_picture_and_as_table(client: Client, manager: User, viewer: User) -> None:
    client.force_login(manager)
    png = client.get("/projects/WRL/figures/close-out.png")
    assert (png.status_code, png.headers["Content-Type"]) == (200, "image/png")
    assert png.content.startswith(b"\x89PNG")
    assert 'filename="WRL-close-out.png"' in png.headers["Content-Disposition"]
    answer = client.get("/projects/WRL/figures/close-out.csv")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it streams
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["Month", "On time", "Late", "All"]
    assert (len(rows), rows[-1][0]) == (13, "Nov 2026")
    assert client.get("/projects/WRL/figures/nothing.csv").status_code == 404
    client.force_login(viewer)
    assert client.get("/projects/WRL/figures/close-out.csv").status_code == 403


def test_it_takes_as_many_queries_for_100_rows_as_for_10(
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
        _did(project, [(number, -number, 0, Result.COMPLIANT, OccurrenceState.CLOSED) for number in range(rows)])
        with django_assert_max_num_queries(60) as counted:
            page.get(URL)
        return len(counted)

    assert queries(10) == queries(100)
