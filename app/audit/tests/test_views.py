"""The pages of the audit trail."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import time_machine
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from obligations.models import Obligation
from obligations.services.obligations import obligation_update
from registers.models import Project

from audit.links import PAGES
from audit.models import AuditEvent
from audit.services import Entry, record, record_many
from audit.tests.tampering import tampering

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

TRAIL = "/projects/WRL/audit/"


@pytest.fixture
def obligation(project: Project) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def titled(manager: User, obligation: Obligation) -> Obligation:
    """An obligation whose title was changed on a day in May, late in the evening where the mine is."""
    with time_machine.travel(datetime(2026, 5, 4, 15, 30, tzinfo=UTC), tick=False):
        return obligation_update(
            actor=manager,
            obligation=obligation,
            changes={"title": "Groundwater levels", "tags": "niveau, état"},
            expected_version=obligation.version,
            reason="As the regulator asked.",
        )


def _shown(client: Client, query: str = "") -> list[str]:
    response = client.get(TRAIL + query)
    assert response.status_code == 200
    return [event.subject_label for event, _ in response.context["events"]]


def _exported(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"{TRAIL}export.csv{query}")
    text = b"".join(_streamed(response)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _streamed(response: object) -> Iterator[bytes]:
    yield from response.streaming_content  # type: ignore[attr-defined]  # the test client types every answer as plain


def test_it_shows_who_changed_what_when_from_where_and_why(browser: Client, titled: Obligation) -> None:
    page = browser.get(TRAIL).content.decode()
    for text in ("MS1234 8-4", "Groundwater levels", "As the regulator asked.", "Manager", "4 May 2026, 23:30"):
        assert text in page
    assert f'<a href="{titled.get_absolute_url()}">MS1234 8-4</a>' in page


def test_a_change_on_a_page_is_recorded_with_the_clients_address(
    browser: Client, obligation: Obligation, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    page = browser.get(f"{obligation.get_absolute_url()}edit/")
    form = {name: value if value is not None else "" for name, value in page.context["form"].initial.items()}
    browser.post(
        f"{obligation.get_absolute_url()}edit/",
        {**form, "title": "New", "version": obligation.version},
        HTTP_X_FORWARDED_FOR="10.1.1.1, 203.0.113.9",
    )
    event = AuditEvent.objects.get(action="obligation.change")
    assert (event.channel, event.address) == ("web", "203.0.113.9")


@pytest.mark.parametrize(
    "query",
    [
        "?q=8-4+groundwater+niveau+état",
        "?q=REGULATOR+manager",
        "?action=obligation.change",
        "?since=2026-05-04&until=2026-05-04",
    ],
)
def test_filters_keep_what_they_name(browser: Client, titled: Obligation, query: str) -> None:
    record(titled.project.organisation, None, Entry("project.change", titled.project, titled.project_id))
    assert _shown(browser, query) == ["MS1234 8-4"]
    assert [line["subject_label"] for line in _exported(browser, query)] == ["MS1234 8-4"]


def test_a_person_is_found_by_their_name_and_enssol_too(browser: Client, manager: User, titled: Obligation) -> None:
    assert _shown(browser, f"?actor={manager.pk}") == ["MS1234 8-4"]
    assert "MS1234 8-4" not in _shown(browser, "?actor=system")


def test_what_makes_no_sense_is_named_and_does_not_filter(browser: Client, titled: Obligation) -> None:
    response = browser.get(f"{TRAIL}?since=yesterday&actor=999999&action=nothing&before=x")
    assert "There is a problem" in response.content.decode()
    assert len(response.context["events"]) == len(_shown(browser))


def test_pages_follow_each_other_and_what_is_new_moves_nothing(browser: Client, project: Project) -> None:
    owner = project.organisation
    record_many(owner, None, [Entry("project.change", project, project.pk) for _ in range(120)])
    all_of_it = list(AuditEvent.objects.of(project).values_list("sequence", flat=True))
    seen: list[int] = []
    query = ""
    while True:
        response = browser.get(TRAIL + query)
        seen += [event.sequence for event, _ in response.context["events"]]
        record(owner, None, Entry("project.change", project, project.pk))
        if not response.context["older"]:
            break
        query = f"?{response.context['older']}"
    assert seen == all_of_it


def test_a_page_costs_the_same_whatever_it_shows(browser: Client, project: Project) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            browser.get(TRAIL)
        return len(captured)

    some = list(Obligation.objects.all()[:2])
    record_many(project.organisation, None, [Entry("obligation.add", one, project.pk) for one in some])
    few = queries()
    everything = list(Obligation.objects.all())
    record_many(project.organisation, None, [Entry("obligation.add", one, project.pk) for one in everything])
    assert queries() == few


def test_it_shows_this_projects_events_alone(browser: Client, project: Project, titled: Obligation) -> None:
    sibling = Project.objects.create(organisation=project.organisation, code="SIB", name="Sibling")
    record(project.organisation, None, Entry("project.change", sibling, sibling.pk))
    record(project.organisation, None, Entry("term.change", project))
    assert "Sibling" not in _shown(browser)
    assert {line["action"] for line in _exported(browser)}.isdisjoint({"term.change"})


@pytest.mark.parametrize("path", ["", "export.csv"])
def test_only_those_see_it_who_may(client: Client, viewer: User, stranger: User, path: str) -> None:
    client.force_login(viewer)
    assert client.get(TRAIL + path).status_code == 403
    assert client.post(f"{TRAIL}verify/").status_code == 403
    client.force_login(stranger)
    assert client.get(TRAIL + path).status_code == 404
    assert client.post(f"{TRAIL}verify/").status_code == 404


def test_an_auditor_sees_and_verifies_it(client: Client, project: Project) -> None:
    auditor = User.objects.create_user("auditor@example.com")
    Membership.objects.create(organisation=project.organisation, user=auditor, role=Role.AUDITOR)
    project.memberships.create(user=auditor, role=Role.AUDITOR)
    client.force_login(auditor)
    assert client.get(TRAIL).status_code == 200
    assert client.post(f"{TRAIL}verify/").status_code == 200


@pytest.mark.parametrize("text", ["=1+1", "+61 8 1234", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_exported_cell_runs_as_a_formula(browser: Client, project: Project, text: str) -> None:
    record(project.organisation, None, Entry("project.change", project, project.pk, reason=text))
    (line,) = _exported(browser, "?action=project.change")
    assert line["reason"] == "'" + text


def test_the_page_tells_whether_the_trail_is_whole(browser: Client, titled: Obligation) -> None:
    last = AuditEvent.objects.latest("sequence")
    page = browser.post(f"{TRAIL}verify/").content.decode()
    assert "The audit trail is whole" in page
    assert last.hash in page
    with tampering():
        AuditEvent.objects.filter(pk=last.pk).update(reason="Nobody asked.")
    page = browser.post(f"{TRAIL}verify/").content.decode()
    assert "The audit trail is broken" in page
    assert f"Event {last.sequence} was altered" in page


def test_what_is_gone_leads_to_the_page_that_shows_it(browser: Client, titled: Obligation, project: Project) -> None:
    gone = Obligation(pk=999999, project=project, mechanism=titled.mechanism, number="99")
    record(project.organisation, None, Entry("obligation.retire", gone, project.pk))
    record(project.organisation, None, Entry("obligation.amend", gone, project.pk, topic=titled))
    links = [page for event, page in browser.get(TRAIL).context["events"] if event.subject == "obligation:999999"]
    assert links[0] == titled.get_absolute_url()


def test_another_organisation_of_that_number_is_another(browser: Client, project: Project) -> None:
    other = Organisation.objects.create(name="Other", slug="other")
    record(other, None, Entry("project.change", other, project.pk, reason="theirs"))
    assert "theirs" not in browser.get(TRAIL).content.decode()


@pytest.mark.parametrize(("name", "model", "address"), [(name, *page) for name, page in PAGES.items()])
def test_each_kind_of_subject_has_its_page(name: str, model: str, address: str) -> None:
    assert apps.get_model(model)._meta.model_name == name
    assert reverse(address, args=["WRL", 1]).startswith("/projects/WRL/")
