"""Working in the list: views that people keep, rows mended where they stand, filters, keys."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from registers.models import Aspect, Condition, Mechanism, Project

from obligations.models import Evidence, Obligation, Occurrence, SavedView
from obligations.services.evidence import evidence_add
from obligations.services.obligations import obligation_update
from obligations.services.saved_views import saved_view_add

URL = "/projects/WRL/register/"


@pytest.fixture
def page(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def duty(project: Project) -> Obligation:
    return project.obligations.get(mechanism__short="MS1234", number="8-4")


def _codes(client: Client, **query: str) -> list[str]:
    text = client.get(URL, query).content.decode()
    return [html.unescape(code) for code in re.findall(r'class="code"[^>]*>([^<]+)</a>', text)]


def _view(client: Client, name: str, **query: str) -> int:
    """Return the number that stands beside a view."""
    found = re.search(rf">\s*{re.escape(html.escape(name))} <b>(\d+)</b>", client.get(URL, query).content.decode())
    assert found, name
    return int(found[1])


# --- Filters ----------------------------------------------------------------------------------------------------------
def test_the_responsible_person_can_be_me_somebody_or_nobody(page: Client, manager: User, viewer: User) -> None:
    mine, theirs, assigned = Obligation.objects.order_by("pk")[:3]
    Obligation.objects.update(responsible_person=None)
    Occurrence.objects.update(assigned_to=None)
    Obligation.objects.filter(pk=mine.pk).update(responsible_person=manager)
    Obligation.objects.filter(pk=theirs.pk).update(responsible_person=viewer)
    Occurrence.objects.create(project=assigned.project, obligation=assigned, sequence=99, assigned_to=manager)
    assert sorted(_codes(page, person="me")) == sorted([mine.code, assigned.code])
    assert _codes(page, person=str(viewer.pk)) == [theirs.code]
    assert len(_codes(page, person="nobody")) == 18
    page.force_login(viewer)
    assert _codes(page, person="me") == [theirs.code]


def test_a_mechanism_comes_with_its_plans_when_asked(page: Client) -> None:
    parent = Mechanism.objects.exclude(plans=None).distinct().first()
    assert parent
    alone = parent.obligations.count()
    plans = Obligation.objects.filter(mechanism__parent=parent).count()
    assert plans
    assert len(_codes(page, mechanism=str(parent.pk))) == alone
    assert len(_codes(page, mechanism=str(parent.pk), plans="yes")) == alone + plans


def test_a_condition_brings_what_stands_below_it(page: Client, duty: Obligation) -> None:
    assert duty.condition
    above = Condition.objects.create(mechanism=duty.mechanism, number="8 new")
    Condition.objects.filter(pk=duty.condition.pk).update(parent=above)
    assert _codes(page, condition=str(above.pk)) == ["MS1234 8-4"]
    text = page.get(URL, {"condition": str(above.pk)}).content.decode()
    assert "Condition: MS1234 8 new" in re.sub(r"\s+", " ", text)
    assert _codes(page, condition="99999999") == []


def test_risk_lifecycle_and_tags_narrow_the_list(page: Client, duty: Obligation) -> None:
    Obligation.objects.filter(pk=duty.pk).update(risk="high", lifecycle="suspended", tags="Bore field, Stage 2")
    for query in ({"risk": "high"}, {"lifecycle": "suspended"}, {"tag": "stage 2"}, {"tag": "Bore field"}):
        assert _codes(page, **query) == ["MS1234 8-4"]
    assert _codes(page, tag="Stage") == []


def test_evidence_is_there_missing_or_awaited(page: Client, manager: User, project: Project) -> None:
    late = project.obligations.in_state("overdue", project.today).first()
    assert late
    Evidence.objects.all().delete()
    Occurrence.objects.filter(obligation=late).delete()
    occurrence = Occurrence.objects.create(project=project, obligation=late, sequence=99)
    waiting = _codes(page, evidence="awaited")
    assert late.code in waiting
    assert late.code in _codes(page, evidence="no")
    evidence_add(
        actor=manager,
        obligation=late,
        occurrence=occurrence,
        files=[SimpleUploadedFile("report.pdf", b"%PDF-1.7\nthe report")],
        effective_on=project.today,
    )
    assert _codes(page, evidence="yes") == [late.code]
    assert sorted([*_codes(page, evidence="awaited"), late.code]) == sorted(waiting)


# --- Views ------------------------------------------------------------------------------------------------------------
def test_a_view_is_saved_shown_with_its_number_renamed_deleted_and_brought_back(page: Client, manager: User) -> None:
    water = Aspect.objects.get(name="Water")
    query = f"aspect={water.pk}&sort=number"
    assert f"/projects/WRL/views/add/?aspect={water.pk}&amp;sort=number" in page.get(f"{URL}?{query}").content.decode()
    saved = page.post(f"/projects/WRL/views/add/?{query}&page=2", {"name": " Water first "}, follow=True)
    assert saved.redirect_chain[-1][0] == f"{URL}?{query}"
    view = SavedView.objects.get()
    assert (view.name, view.query, view.owner, view.is_shared) == ("Water first", query, manager, False)
    assert _view(page, "Water first") == Obligation.objects.filter(aspect=water).count()
    assert AuditEvent.objects.latest("pk").action == "view.add"

    address = f"/projects/WRL/views/{view.pk}/"
    assert address in page.get(f"{URL}?{query}").content.decode()
    page.post(address, {"name": "Water", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Water", True)
    deleted = page.post(f"{address}delete/", follow=True).content.decode()
    assert not SavedView.objects.exists()
    assert f'action="{address}restore/"' in deleted
    page.post(f"{address}restore/")
    back = SavedView.objects.get()
    assert (back.name, back.query, back.is_shared) == ("Water", query, True)
    assert page.post(f"{address}restore/").status_code == 404


def test_a_number_follows_each_change(page: Client, manager: User, duty: Obligation) -> None:
    SavedView.objects.create(project=duty.project, owner=manager, name="Risky", query="risk=high")
    assert _view(page, "Risky") == 0
    obligation_update(actor=manager, obligation=duty, changes={"risk": "high"}, expected_version=duty.version)
    assert _view(page, "Risky") == 1
    assert _view(page, "Risky", risk="high") == 1


def test_a_shared_view_is_everybodys_and_only_sharers_share(page: Client, viewer: User, project: Project) -> None:
    page.post("/projects/WRL/views/add/?status=completed", {"name": "Done", "is_shared": "on"})
    page.post("/projects/WRL/views/add/?status=completed", {"name": "Private"})
    shared, private = SavedView.objects.get(name="Done"), SavedView.objects.get(name="Private")
    page.force_login(viewer)
    assert _view(page, "Done") == len(_codes(page, status="completed"))
    text = page.get(URL, {"status": "completed"}).content.decode()
    assert "Private" not in text
    assert 'name="is_shared"' not in page.get("/projects/WRL/views/add/?risk=high").content.decode()
    page.post("/projects/WRL/views/add/?risk=high", {"name": "Mine", "is_shared": "on"})
    assert SavedView.objects.get(name="Mine").is_shared is False
    assert page.post(f"/projects/WRL/views/{shared.pk}/delete/").status_code == 403
    assert page.post(f"/projects/WRL/views/{private.pk}/delete/").status_code == 404


def test_a_name_that_is_taken_is_named(page: Client) -> None:
    page.post("/projects/WRL/views/add/?risk=high", {"name": "Risky"})
    again = page.post("/projects/WRL/views/add/?risk=low", {"name": "Risky"})
    assert again.status_code == 422
    assert "You have a view called Risky already" in again.content.decode()
    assert page.post("/projects/WRL/views/add/", {"name": ""}).status_code == 422
    assert page.post("/projects/WRL/views/add/", {"name": "x" * 61}).status_code == 422


def test_all_views_are_counted_in_as_many_queries_as_one(
    page: Client, manager: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(25) as counted:
            page.get(URL)
        return len(counted)

    page.get(URL)
    saved_view_add(actor=manager, project=project, name="0", query="risk=high&q=dust")
    before = queries()
    for number in range(1, 30):
        saved_view_add(actor=manager, project=project, name=f"{number}", query="tag=x&evidence=no&person=me")
    assert queries() == before
    assert queries() < before  # Counted once for each state of the register.


# --- A row ------------------------------------------------------------------------------------------------------------
def _row(duty: Obligation) -> str:
    return f"/projects/WRL/obligations/{duty.pk}/row/"


def _values(page: Client, duty: Obligation) -> dict[str, str]:
    """Return what the form of the row sends when nothing is changed in it."""
    text = page.get(_row(duty), {"edit": "1"}).content.decode()
    values = dict(re.findall(r'<input type="(?:hidden|text)" name="([^"]+)"(?: value="([^"]*)")?', text))
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    values.pop("csrfmiddlewaretoken", None)
    return values


def test_a_row_is_mended_where_it_stands(page: Client, manager: User, duty: Obligation) -> None:
    text = page.get(URL).content.decode()
    assert f'href="/projects/WRL/obligations/{duty.pk}/edit/?at=' in text
    assert f'hx-get="{_row(duty)}?edit=1' in text
    form = page.get(_row(duty), {"edit": "1"}).content.decode()
    assert form.lstrip().startswith("<tr")
    assert form.count("autofocus") == 1
    values = _values(page, duty) | {"responsible_person": str(manager.pk), "risk": "high", "tags": "bores"}
    saved = page.post(f"{_row(duty)}?query=at%3D1", values)
    assert saved.status_code == 200
    assert saved.headers["HX-Trigger"] == '{"announced": "MS1234 8-4 is saved."}'
    row = saved.content.decode()
    assert "autofocus" in row
    assert str(manager) in row
    assert f"/projects/WRL/obligations/{duty.pk}/?at=1" in row
    duty.refresh_from_db()
    assert (duty.responsible_person, duty.risk, duty.tags) == (manager, "high", "bores")
    event = AuditEvent.objects.get(subject=f"obligation:{duty.pk}", action="obligation.change")
    assert set(event.changes) == {"responsible_person", "risk", "tags"}


def test_who_has_left_the_project_stays_responsible_until_somebody_else_is(
    page: Client, viewer: User, duty: Obligation
) -> None:
    Obligation.objects.filter(pk=duty.pk).update(responsible_person=viewer)
    viewer.project_memberships.all().delete()
    values = _values(page, duty)
    assert values["responsible_person"] == str(viewer.pk)
    assert page.post(_row(duty), values | {"risk": "high"}).status_code == 200
    duty.refresh_from_db()
    assert (duty.responsible_person, duty.risk) == (viewer, "high")


def test_whoever_saves_a_row_second_sees_both_versions(page: Client, manager: User, duty: Obligation) -> None:
    values = _values(page, duty) | {"risk": "high"}
    obligation_update(
        actor=manager,
        obligation=duty,
        changes={"risk": "low", "tags": "theirs"},
        expected_version=duty.version,
    )
    refused = page.post(_row(duty), values)
    assert refused.status_code == 409
    text = refused.content.decode()
    assert "Somebody else saved this obligation" in text
    assert "Both of you changed it" in text
    assert "Low" in text
    duty.refresh_from_db()
    assert duty.risk == "low"
    again = dict(re.findall(r'<input type="(?:hidden|text)" name="([^"]+)"(?: value="([^"]*)")?', text))
    again |= {"risk": "high", "version": str(duty.version)}
    for name in ("responsible_role", "aspect", "phase"):
        again[name] = again[f"initial-{name}"]
    again.pop("csrfmiddlewaretoken", None)
    assert page.post(_row(duty), again).status_code == 200
    duty.refresh_from_db()
    assert (duty.risk, duty.tags) == ("high", "theirs")


def test_a_row_refuses_what_makes_no_sense_and_who_may_not(
    page: Client, viewer: User, stranger: User, duty: Obligation
) -> None:
    values = _values(page, duty)
    wrong = page.post(_row(duty), values | {"aspect": "999999"})
    assert wrong.status_code == 422
    assert "Select a valid choice" in wrong.content.decode()
    assert page.post(_row(duty), {}).status_code == 422
    page.force_login(viewer)
    assert page.get(_row(duty)).status_code == 200
    assert page.get(_row(duty), {"edit": "1"}).status_code == 403
    assert page.post(_row(duty), values).status_code == 403
    page.force_login(stranger)
    assert page.get(_row(duty)).status_code == 404


# --- Keys -------------------------------------------------------------------------------------------------------------
def test_the_keys_can_be_switched_off_and_on_without_a_script(page: Client) -> None:
    keys = "/projects/WRL/register/keys/"
    assert "on keydown[not ctrlKey" in page.get(URL).content.decode()
    answer = page.post(keys, {"shortcuts": "off", "back": f"{URL}?state=overdue"})
    assert answer.headers["Location"] == f"{URL}?state=overdue"
    text = page.get(URL).content.decode()
    assert "on keydown[not ctrlKey" not in text
    assert "Switch them on" in text
    page.post(keys, {"shortcuts": "on"})
    assert "on keydown[not ctrlKey" in page.get(URL).content.decode()
    away: Any = page.post(keys, {"shortcuts": "on", "back": "https://elsewhere.example/"})
    assert away.headers["Location"] == URL


# --- What a long register costs ---------------------------------------------------------------------------------------
def test_a_register_ten_times_as_long_takes_as_many_queries(
    page: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries(rows: int, **query: str) -> int:
        mechanism = project.mechanisms.first()
        assert mechanism
        have = project.obligations.count()
        Obligation.objects.bulk_create(
            Obligation(
                project=project,
                mechanism=mechanism,
                number=f"N{number}",
                sort_key=f"N{number:06}",
                requirement="Keep dust down.",
                action_due_date=date(2026, 12, 1) + timedelta(days=number % 300),
            )
            for number in range(have, rows)
        )
        with django_assert_max_num_queries(25) as counted:
            assert len(_codes(page, **query)) == 50
        return len(counted)

    searched: dict[str, str] = {"q": "dust"}
    few = [queries(280), queries(280, **searched)]
    assert few == [queries(2800), queries(2800, **searched)]


def test_the_database_serves_the_default_order_from_an_index(project: Project) -> None:
    plan = project.obligations.in_order("due").values("pk")[:50].explain()
    assert "obligation_agenda" in plan
    assert "TEMP B-TREE" not in plan
