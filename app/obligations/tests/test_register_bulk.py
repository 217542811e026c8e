"""Changing many obligations at once, from the list to the summary and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from registers.models import Aspect, Project, ProjectMembership

from obligations.models import Obligation
from obligations.services import bulk
from obligations.services.bulk import obligations_change

URL = "/projects/WRL/register/bulk/"


@pytest.fixture
def rows(project: Project) -> list[Obligation]:
    return list(project.obligations.filter(mechanism__short="MS1234").order_by("pk")[:3])


@pytest.fixture
def page(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def _hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(chosen|query)" value="([^"]*)"', text))


def _through(page: Client, rows: list[Obligation], **changes: Any) -> Any:
    """Go through the three pages as a browser without a script does; return the last one."""
    chosen = page.post(URL, {"select": [row.pk for row in rows], "query": "state=overdue"})
    assert f"Change {len(rows)} obligation" in chosen.content.decode()
    hidden = _hidden(chosen.content.decode())
    checked = page.post(URL, {**hidden, **changes, "step": "check"})
    assert "Nothing is changed yet" in checked.content.decode()
    return page.post(URL, {**_hidden(checked.content.decode()), **changes, "step": "apply"}, follow=True)


def test_the_list_has_boxes_and_buttons_that_need_no_script(page: Client, viewer: User, rows: list[Obligation]) -> None:
    text = page.get("/projects/WRL/register/").content.decode()
    assert f'value="{rows[0].pk}"\n               form="bulk"' in text
    assert '<form class="selection"\n      id="bulk"' in text
    page.force_login(viewer)
    text = page.get("/projects/WRL/register/").content.decode()
    assert 'form="bulk"' not in text
    assert 'class="edit-row"' not in text


def test_many_are_changed_with_one_event_each_and_the_change_is_taken_back(
    page: Client, manager: User, rows: list[Obligation]
) -> None:
    before = {row.pk: (row.aspect, row.responsible_person, row.tags) for row in rows}
    aspect = Aspect.objects.get(name="Water")
    done = _through(
        page, rows, aspect=aspect.pk, responsible_person=manager.pk, risk="high", add_tag="Stage 2", reason="Handover"
    )
    text = done.content.decode()
    assert "3 obligations changed." in text
    for row in rows:
        row.refresh_from_db()
        assert (row.aspect, row.responsible_person, row.risk, row.tags) == (aspect, manager, "high", "Stage 2")
        event = AuditEvent.objects.filter(subject=f"obligation:{row.pk}").latest("sequence")
        assert (event.action, event.reason, event.actor) == ("obligation.change", "Handover", manager)
        assert event.changes["risk"] == ["", "high"]
        assert event.changes["responsible_person"] == [None, str(manager)]
    undo = re.search(r'action="(/projects/WRL/register/bulk/[^"]+/undo/)"', text)
    assert undo
    back = page.post(undo[1], follow=True)
    assert "The change of 3 obligations is taken back." in back.content.decode()
    for row in rows:
        row.refresh_from_db()
        assert (row.aspect, row.responsible_person, row.tags) == before[row.pk]
    assert page.post(undo[1]).status_code == 404


def test_what_somebody_touched_since_stays_as_it_is(page: Client, rows: list[Obligation]) -> None:
    text = _through(page, rows, risk="high").content.decode()
    Obligation.objects.filter(pk=rows[0].pk).update(version=99)
    undo = re.search(r'action="(/projects/WRL/register/bulk/[^"]+/undo/)"', text)
    assert undo
    back = page.post(undo[1], follow=True).content.decode()
    assert f"1 obligation changed since and stay as they are: {rows[0].code}" in back
    assert [Obligation.objects.get(pk=row.pk).risk for row in rows] == ["high", "", ""]


def test_the_check_says_what_would_change_and_what_cannot(
    page: Client, manager: User, rows: list[Obligation], project: Project
) -> None:
    retired, changed, same = rows
    Obligation.objects.filter(pk=retired.pk).update(lifecycle="retired")
    Obligation.objects.filter(pk=same.pk).update(risk="high")
    hidden = _hidden(page.post(URL, {"select": [row.pk for row in rows]}).content.decode())
    Obligation.objects.filter(pk=changed.pk).update(tags="old")
    text = page.post(URL, {**hidden, "risk": "high", "step": "check"}).content.decode()
    assert re.search(r"1 obligation will change\.\s+1 is so already\.\s+1 cannot be changed\.", text)
    assert "It is retired. Reinstate it first." in text
    assert Obligation.objects.get(pk=changed.pk).risk == ""
    Obligation.objects.filter(pk=changed.pk).update(version=7)
    text = page.post(URL, {**hidden, "risk": "high", "step": "check"}).content.decode()
    assert "Somebody changed it since you chose it" in text


def test_retiring_needs_a_reason_and_can_be_taken_back(page: Client, rows: list[Obligation]) -> None:
    hidden = _hidden(page.post(URL, {"select": [rows[0].pk]}).content.decode())
    refused = page.post(URL, {**hidden, "retire": "on", "step": "check"})
    assert refused.status_code == 422
    assert "the reason is kept in the record" in refused.content.decode()
    text = _through(page, rows[:1], retire="on", reason="Withdrawn").content.decode()
    assert Obligation.objects.get(pk=rows[0].pk).lifecycle == "retired"
    undo = re.search(r'action="(/projects/WRL/register/bulk/[^"]+/undo/)"', text)
    assert undo
    page.post(undo[1])
    assert Obligation.objects.get(pk=rows[0].pk).lifecycle == "active"


def test_all_of_the_filtered_list_can_be_chosen(page: Client, project: Project) -> None:
    text = page.post(URL, {"all": "all", "query": "q=groundwater"}).content.decode()
    found = Obligation.objects.search("groundwater")
    assert _hidden(text)["chosen"] == ",".join(f"{row.pk}:{row.version}" for row in found.order_by("pk"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "Choose what to change."),
        ({"add_tag": "one, two"}, "Give one tag, without a comma."),
        ({"aspect": "999999"}, "Select a valid choice"),
        ({"risk": "enormous"}, "Select a valid choice"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    page: Client, rows: list[Obligation], values: dict[str, str], says: str
) -> None:
    hidden = _hidden(page.post(URL, {"select": [rows[0].pk]}).content.decode())
    for step in ("check", "apply"):
        answer = page.post(URL, {**hidden, **values, "step": step})
        assert answer.status_code == 422
        assert says in answer.content.decode()


@pytest.mark.parametrize(
    "post", [{}, {"select": "x"}, {"select": "9" * 18}, {"chosen": "1"}, {"all": "1", "query": "q=nil"}]
)
def test_choosing_nothing_leads_back_to_the_list(page: Client, rows: list[Obligation], post: dict[str, str]) -> None:
    assert "Tick the obligations to change first." in page.post(URL, post, follow=True).content.decode()


def test_too_many_are_refused(page: Client, rows: list[Obligation], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obligations.views.bulk.LIMIT", 2)
    text = page.post(URL, {"select": [row.pk for row in rows]}, follow=True).content.decode()
    assert "At most 2 obligations are changed at once" in text


def test_only_those_who_may_change_many(
    client: Client, viewer: User, stranger: User, manager: User, rows: list[Obligation]
) -> None:
    post = {"select": [rows[0].pk]}
    client.force_login(viewer)
    assert client.post(URL, post).status_code == 403
    client.force_login(stranger)
    assert client.post(URL, post).status_code == 404
    ProjectMembership.objects.filter(user=manager).update(role="advisor")
    client.force_login(manager)
    hidden = _hidden(client.post(URL, post).content.decode())
    assert 'name="retire"' not in client.post(URL, post).content.decode()
    client.post(URL, {**hidden, "retire": "on", "risk": "low", "reason": "No", "step": "apply"})
    rows[0].refresh_from_db()
    assert (rows[0].lifecycle, rows[0].risk) == ("active", "low")


def test_another_projects_rows_and_anothers_summary_are_not_reached(
    page: Client, rows: list[Obligation], stranger: User, viewer: User
) -> None:
    other = Project.objects.create(organisation=stranger.memberships.get().organisation, code="OTH", name="Other")
    mechanism = other.mechanisms.create(short="X", reference="X", kind="commitment")
    theirs = Obligation.objects.create(project=other, mechanism=mechanism, number="1", requirement="Theirs.")
    page.post(URL, {"chosen": f"{theirs.pk}:1,{rows[0].pk}:{rows[0].version}", "risk": "high", "step": "apply"})
    theirs.refresh_from_db()
    assert theirs.risk == ""
    done = _through(page, rows[1:2], risk="low")
    address = done.redirect_chain[-1][0]
    page.force_login(viewer)
    assert page.get(address).status_code == 404


def test_it_takes_as_many_queries_for_many_as_for_few(
    manager: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(number: int, risk: str) -> int:
        keys = list(project.obligations.values_list("pk", flat=True)[:number])
        chosen = Obligation.objects.filter(pk__in=keys)
        with django_assert_max_num_queries(40) as counted:
            result = obligations_change(
                actor=manager, project=project, obligations=chosen, changes={"risk": risk}, reason=""
            )
        assert len(result.changed) == number
        # The record takes its events one by one; nothing else does.
        return len([query for query in counted if not query["sql"].startswith('INSERT INTO "audit_auditevent"')])

    queries(1, "medium")  # The first event starts the chain.
    assert queries(2, "high") == queries(15, "low")
    assert bulk.LIMIT == 5000
