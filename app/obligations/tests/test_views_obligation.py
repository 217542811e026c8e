"""The page of one obligation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from accounts.models import User
from django.test import Client
from registers.models import Procedure

from obligations.describing import GROUPS
from obligations.models import Obligation

# Not of the person who edits: where the row belongs, and what the database keeps about it.
KEPT_BY_US = {
    "id",
    "project",
    "mechanism",
    "condition",
    "sort_key",
    "extra",
    "lifecycle",
    "version",
    "created_at",
    "updated_at",
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def obligation(viewer: User) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


def _page(client: Client, person: User, obligation: Obligation, query: str = "") -> str:
    client.force_login(person)
    return client.get(obligation.get_absolute_url() + query).content.decode()


def test_every_field_that_a_register_fills_has_a_place() -> None:
    placed = [name for names in GROUPS.values() for name in names]
    assert len(placed) == len(set(placed))
    assert set(placed) == {field.name for field in Obligation._meta.fields} - KEPT_BY_US


def test_it_shows_every_value(client: Client, viewer: User, obligation: Obligation) -> None:
    procedure = Procedure.objects.create(organisation=obligation.project.organisation, name="Groundwater procedure")
    texts = {
        name: f"The {name} of it"
        for name in (
            "title",
            "supporting_information",
            "general_comments",
            "compliance_comments",
            "non_conformance_comments",
            "gap_analysis_notes",
        )
    }
    Obligation.objects.filter(pk=obligation.pk).update(
        **texts,
        procedure=procedure,
        responsible_email="kim@karrawirra.example",
        evidence_notes="https://records.example.org/1",
        close_out_date="2026-11-02",
        recurring_forecast_date="2027-01-31",
        extra={"covered_in_which_checklist": "Weekly <walk>"},
        gap_analysis=False,
    )
    page = _page(client, viewer, obligation)
    for text in (
        *texts.values(),
        "Groundwater procedure",
        "2 November 2026",
        "31 January 2027",
        "30 October 2026",
        "24 days ago",
        "Overdue",
        "Quarterly",
        "Minister for Environment (WA)",
        "covered_in_which_checklist",
        "Weekly &lt;walk&gt;",
    ):
        assert text in page, text
    assert '<a href="https://records.example.org/1" rel="nofollow">' in page
    assert '<a href="mailto:kim@karrawirra.example">' in page


def test_lines_stay_lines(client: Client, viewer: User, obligation: Obligation) -> None:
    Obligation.objects.filter(pk=obligation.pk).update(requirement="First.\n\n  - second\n  - third")
    assert '<p class="prose requirement">First.\n\n  - second\n  - third</p>' in _page(client, viewer, obligation)


def test_it_leads_to_its_neighbours_in_the_list_it_was_opened_from(
    client: Client, viewer: User, obligation: Obligation
) -> None:
    before, after = (Obligation.objects.get(number=number).pk for number in ("6-2(3)", "4.2"))
    page = _page(client, viewer, obligation, "?state=overdue&at=1")
    assert f'href="/projects/WRL/obligations/{before}/?state=overdue&amp;at=0"' in page
    assert f'href="/projects/WRL/obligations/{after}/?state=overdue&amp;at=2"' in page
    assert 'href="/projects/WRL/register/?state=overdue">Register</a>' in page


@pytest.mark.parametrize(
    "query", ["", "?at=0", "?at=99999", "?at=x", "?at=-1", "?at=" + "9" * 30, "?state=completed&at=1"]
)
def test_it_names_no_neighbour_that_it_is_not_sure_of(
    client: Client, viewer: User, obligation: Obligation, query: str
) -> None:
    page = _page(client, viewer, obligation, query)
    assert 'rel="prev"' not in page
    assert 'rel="next"' not in page


def test_only_who_may_change_it_is_offered_to(
    client: Client, viewer: User, manager: User, obligation: Obligation
) -> None:
    edit = f"/projects/WRL/obligations/{obligation.pk}/edit/"
    assert edit not in _page(client, viewer, obligation)
    assert edit in _page(client, manager, obligation)


def test_it_is_nowhere_for_a_stranger_and_under_no_other_project(
    client: Client, manager: User, stranger: User, obligation: Obligation
) -> None:
    url = obligation.get_absolute_url()
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    client.force_login(manager)
    assert client.get(url.replace("WRL", "WRX")).status_code == 404
    assert client.get("/projects/WRL/obligations/999999/").status_code == 404
    assert client.get(f"/projects/WRL/obligations/{'9' * 30}/").status_code == 404
