"""The register page: what an address asks for is what the page shows, with a script and without."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from accounts.models import User
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from registers.models import Aspect, Mechanism, Project, ProjectMembership, ResponsibleRole

from obligations.listing import Listing
from obligations.models import Obligation
from obligations.querysets import ORDERS
from obligations.states import State

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

URL = "/projects/WRL/register/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def page(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def _codes(response: Response) -> list[str]:
    return [html.unescape(code) for code in re.findall(r'class="code"[^>]*>([^<]+)</a>', response.content.decode())]


def _tab(response: Response, label: str) -> int:
    found = re.search(rf"{label} <b>(\d+)</b>", response.content.decode())
    assert found, label
    return int(found[1])


def test_it_opens_with_what_is_late_then_what_comes_next(page: Client) -> None:
    codes = _codes(page.get(URL))
    dues = {o.code: (o.status == "completed", o.action_due_date or date.max) for o in Obligation.objects.all()}
    assert codes[:2] == ["MS1234 6-2(3)", "MS1234 8-4"]
    assert [dues[code] for code in codes] == sorted(dues.values())


@pytest.mark.parametrize("state", [state.value for state in State])
def test_a_tab_counts_what_it_leads_to(page: Client, project: Project, state: str) -> None:
    response = page.get(URL, {"state": state})
    codes = _codes(response)
    assert len(codes) == _tab(response, State(state).label)
    standing = [o for o in project.obligations.all() if o.state(project.today) == state]
    assert sorted(codes) == sorted(o.code for o in standing)


def test_tabs_count_within_the_other_filters(page: Client) -> None:
    mechanism = Mechanism.objects.get(reference="MS 1234")
    response = page.get(URL, {"mechanism": str(mechanism.pk), "state": "overdue"})
    assert _tab(response, "All") == mechanism.obligations.count()
    assert _tab(response, "Overdue") == len(_codes(response)) == 2


@pytest.mark.parametrize(
    ("parameter", "field", "model"),
    [
        ("aspect", "aspect", Aspect),
        ("role", "responsible_role", ResponsibleRole),
        ("mechanism", "mechanism", Mechanism),
    ],
)
def test_a_choice_keeps_what_has_it(page: Client, parameter: str, field: str, model: type[Model]) -> None:
    for choice in model._default_manager.all():
        codes = _codes(page.get(URL, {parameter: choice.pk}))
        assert sorted(codes) == sorted(o.code for o in Obligation.objects.filter(**{field: choice}))


def test_words_dates_and_yes_or_no_narrow_it_together(page: Client) -> None:
    assert _codes(page.get(URL, {"q": "groundwater"})) == ["MS1234 8-4"]
    assert _codes(page.get(URL, {"due_from": "2026-11-26", "due_to": "2026-11-30"})) == ["L9876 12(a)", "CEMP 9.3(b)"]
    both = _codes(page.get(URL, {"inspection": "yes", "recurring": "yes", "due_to": "2026-11-30"}))
    assert {"L9876 12(a)", "CEMP 9.3(b)"} <= set(both)
    assert set(_codes(page.get(URL, {"inspection": "no"}))).isdisjoint(both)
    done = _codes(page.get(URL, {"status": "completed", "q": "plan"}))
    assert sorted(done) == ["MS1234 4-1", "MS1234 5-1"]


def test_columns_sort_both_ways_and_say_so(page: Client) -> None:
    up, down = page.get(URL, {"sort": "number"}), page.get(URL, {"sort": "-number"})
    assert _codes(up) == _codes(down)[::-1]
    for key in ("aspect", "-aspect", "role", "-role"):
        ordered = [o.code for o in Obligation.objects.in_order(key)]
        assert _codes(page.get(URL, {"sort": key})) == ordered
    assert _codes(up)[-9:][:2] == ["MS1234 1-1", "MS1234 3-1"]
    assert 'aria-sort="ascending"' in up.content.decode()
    assert 'href="?sort=-number"' in up.content.decode()
    assert 'aria-sort="descending"' in down.content.decode()


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("words", ["", "must"])
def test_any_part_of_the_list_is_in_the_order_of_the_whole(
    project: Project, viewer: User, sort: str, words: str
) -> None:
    query = QueryDict(mutable=True)
    query.update({"sort": sort, "q": words})
    listing = Listing(project=project, query=query, user=viewer, on=project.today)
    whole = list(listing.rows.values_list("pk", flat=True))
    parts = [listing.keys(first, 3) for first in range(0, len(whole) + 3, 3)]
    assert [pk for part in parts for pk in part] == whole


def test_pages_cover_the_list_once(page: Client, project: Project) -> None:
    template = Obligation.objects.get(number="8-4")
    for number in range(40):
        Obligation.objects.create(
            project=project, mechanism=template.mechanism, number=f"99-{number}", requirement="Count once."
        )
    first, second, third = (_codes(page.get(URL, {"size": 25, "page": number})) for number in (1, 2, 3))
    assert [len(first), len(second), len(third)] == [25, 25, 10]
    assert len({*first, *second, *third}) == 60
    beyond = page.get(URL, {"size": 25, "page": 99})
    assert _codes(beyond) == third


def test_chips_name_the_filters_and_take_them_away(page: Client) -> None:
    aspect = Aspect.objects.get(name="Water")
    text = page.get(URL, {"q": "level", "aspect": str(aspect.pk), "size": "25"}).content.decode()
    assert re.search(r'href="\?q=level&amp;size=25">\s*<span[^>]*>Remove the filter</span>\s*Aspect: Water', text)
    assert re.search(rf'href="\?aspect={aspect.pk}&amp;size=25">\s*<span[^>]*>[^<]*</span>\s*Search: “level”', text)
    assert "Clear filters" in text
    assert "Clear filters" not in page.get(URL, {"q": "", "aspect": ""}).content.decode()


def test_a_filter_that_makes_no_sense_is_named_and_the_rest_still_works(page: Client) -> None:
    response = page.get(URL, {"due_from": "soon", "aspect": "999999", "state": "late", "q": "groundwater", "page": "x"})
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    assert "Enter a valid date" in response.content.decode()
    assert _codes(response) == ["MS1234 8-4"]


@pytest.mark.parametrize(
    "query",
    [
        {"aspect": "9" * 30},
        {"page": "9" * 30},
        {"page": "-1"},
        {"q": "\0"},
        {"due_from": "0001-01-01", "due_to": "9999-12-31"},
        {"sort": "'", "size": "-1"},
    ],
)
def test_no_address_breaks_it(page: Client, query: dict[str, str]) -> None:
    assert page.get(URL, query).status_code in {200, 404}


def test_what_is_typed_is_shown_as_text(page: Client) -> None:
    text = page.get(URL, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_htmx_gets_the_list_alone_and_the_address_to_show(page: Client) -> None:
    response = page.get(URL, {"state": "overdue", "q": "", "aspect": "", "sort": "due", "size": "50"}, **HTMX)
    text = response.content.decode()
    assert "<html" not in text
    assert text.lstrip().startswith('<div id="results"')
    assert _codes(response) == _codes(page.get(URL, {"state": "overdue"}))
    assert response.headers["HX-Push-Url"] == f"{URL}?state=overdue"
    assert 'hx-swap-oob="innerHTML"' in text
    assert "3 obligations" in text


def test_taking_a_filter_away_renews_the_form_as_well(page: Client) -> None:
    response = page.get(URL, {"state": "overdue"}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="register")
    assert response.content.decode().lstrip().startswith('<div id="register"')


def test_going_back_in_history_gets_the_whole_page(page: Client) -> None:
    assert "<html" in page.get(URL, **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true").content.decode()


def test_caches_keep_page_and_fragment_apart_and_nothing_at_all(page: Client) -> None:
    response = page.get(URL)
    assert {"HX-Request", "HX-Target"} <= {name.strip() for name in response.headers["Vary"].split(",")}
    assert "no-store" in response.headers["Cache-Control"]


def test_an_empty_register_says_how_to_fill_it(client: Client, manager: User, viewer: User, project: Project) -> None:
    Project.objects.create(organisation=project.organisation, code="NEW", name="New")
    for person in (manager, viewer):
        ProjectMembership.objects.create(
            project=Project.objects.get(code="NEW"), user=person, role=person.project_memberships.get().role
        )
    client.force_login(manager)
    assert "Import a register" in client.get("/projects/NEW/register/").content.decode()
    client.force_login(viewer)
    text = client.get("/projects/NEW/register/").content.decode()
    assert "This register is empty" in text
    assert "Import a register" not in text


def test_no_match_leads_back_to_the_whole_list(page: Client) -> None:
    text = page.get(URL, {"q": "unobtainium"}).content.decode()
    assert "Nothing matches" in text
    assert "Show the whole register" in text


def test_it_takes_as_many_queries_for_200_rows_as_for_20(
    page: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(rows: int) -> int:
        template = Obligation.objects.get(number="8-4")
        for number in range(rows - project.obligations.count()):
            Obligation.objects.create(
                project=project,
                mechanism=template.mechanism,
                number=f"{rows}-{number}",
                requirement="Cost the same.",
                aspect=template.aspect,
                responsible_role=template.responsible_role,
                phase=template.phase,
                action_due_date=date(2026, 12, 1),
            )
        with django_assert_max_num_queries(24) as counted:
            assert len(_codes(page.get(URL, {"size": 200}))) == rows
        return len(counted)

    assert queries(20) == queries(200)


def test_a_stranger_finds_no_register_and_a_passer_by_the_sign_in(
    client: Client, stranger: User, project: Project
) -> None:
    assert client.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"
    client.force_login(stranger)
    assert client.get(URL).status_code == 404


def test_an_expired_session_sends_htmx_to_the_sign_in_page(client: Client, project: Project) -> None:
    response = client.get(URL, **HTMX)
    assert response.headers["HX-Redirect"].startswith("/accounts/login/")
    assert not response.content


def test_another_organisations_words_are_not_offered(page: Client, stranger: User) -> None:
    other = stranger.memberships.get().organisation
    Aspect.objects.create(organisation=other, name="Secret aspect")
    assert "Secret aspect" not in page.get(URL).content.decode()


def test_it_only_reads(page: Client) -> None:
    assert page.post(URL).status_code == 405
