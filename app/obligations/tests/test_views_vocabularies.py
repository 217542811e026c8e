"""The words of an organisation and its controlled documents in the browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from registers.models import Aspect, Mechanism, Phase, Procedure, Project, ProjectPhase

from obligations.models import Obligation

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

ASPECTS = "/projects/WRL/vocabulary/aspects/"
PROCEDURES = "/projects/WRL/procedures/"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def _fields(response: Response) -> dict[str, str]:
    sent = {bound.name: str(bound.value()) for bound in response.context["form"] if bound.value() is not None}
    return sent | dict(re.findall(r'name="(initial-[\w-]+)"(?: value="([^"]*)")?', response.content.decode()))


def _says(response: Response, *texts: str) -> None:
    page = " ".join(response.content.decode().split())
    for text in texts:
        assert text in page


def _queries(client: Client, url: str, data: dict[str, str] | None = None) -> int:
    if not data:
        client.get(url)  # what is counted once for each state of the register
    with CaptureQueriesContext(connection) as queries:
        client.post(url, data) if data else client.get(url)
    return len(queries)


@pytest.mark.parametrize("kind", ["aspects", "types", "phases", "roles", "parties"])
def test_each_word_stands_with_the_number_of_obligations_that_use_it(
    editor: Client, project: Project, kind: str
) -> None:
    words = editor.get(reverse("vocabulary_list", args=["WRL", kind])).context["words"]
    assert sum(number for _, number in words) == project.obligations.count()


def test_the_page_asks_the_database_as_often_for_many_words_as_for_few(editor: Client, project: Project) -> None:
    few = _queries(editor, ASPECTS)
    Aspect.objects.bulk_create(Aspect(organisation=project.organisation, name=f"Word {n}") for n in range(50))
    assert _queries(editor, ASPECTS) == few


def test_a_word_is_added_once_whatever_its_case(editor: Client, project: Project) -> None:
    editor.post(ASPECTS, {"name": "Light"})
    assert Aspect.objects.get(name="Light").organisation == project.organisation
    response = editor.post(ASPECTS, {"name": "LIGHT"})
    assert response.status_code == 422
    _says(response, "There is “Light” already: choose another word, or merge the two.")
    assert AuditEvent.objects.filter(action="term.add").count() == 1


def test_a_renamed_word_reads_so_wherever_it_is_used(editor: Client, project: Project) -> None:
    dust = Aspect.objects.get(name="Dust")
    editor.post(f"{ASPECTS}{dust.pk}/", {"name": "Dust and air"})
    assert project.obligations.get(number="8.1.2").aspect == dust
    assert Aspect.objects.get(pk=dust.pk).name == "Dust and air"
    assert AuditEvent.objects.get(action="term.rename").changes == {"name": ["Dust", "Dust and air"]}
    response = editor.post(f"{ASPECTS}{dust.pk}/", {"name": "Water"})
    assert response.status_code == 422


def test_two_words_become_one_and_each_obligation_says_so(editor: Client, project: Project) -> None:
    land, flora = Aspect.objects.get(name="Land"), Aspect.objects.get(name="Flora and vegetation")
    moved = project.obligations.get(aspect=land)
    number = project.obligations.filter(aspect=flora).count()
    response = editor.post(f"{ASPECTS}{land.pk}/", {"into": str(flora.pk)}, follow=True)
    _says(response, "“Land” is merged into “Flora and vegetation”: 1 obligation changed.")
    assert not Aspect.objects.filter(pk=land.pk).exists()
    assert project.obligations.filter(aspect=flora).count() == number + 1
    event = AuditEvent.objects.get(action="obligation.change", subject=f"obligation:{moved.pk}")
    assert event.changes == {"aspect": ["Land", "Flora and vegetation"]}
    assert Obligation.objects.get(pk=moved.pk).version == moved.version + 1


def test_two_phases_with_dates_are_not_merged_before_one_has_lost_its_own(editor: Client, project: Project) -> None:
    before, build = Phase.objects.get(name="Pre-construction"), Phase.objects.get(name="Construction")
    url = reverse("term_edit", args=["WRL", "phases", before.pk])
    response = editor.post(url, {"into": str(build.pk)})
    assert response.status_code == 422
    _says(response, "both have dates: remove those of one in its calendar first.")
    ProjectPhase.objects.filter(phase=build).delete()
    assert editor.post(url, {"into": str(build.pk)}).status_code == 302
    assert project.phases.get(phase=build).starts_on is not None


def test_only_a_word_that_nothing_uses_is_deleted(editor: Client, project: Project) -> None:
    dust = Aspect.objects.get(name="Dust")
    response = editor.post(f"{ASPECTS}{dust.pk}/delete/", follow=True)
    _says(response, "“Dust” is in use: merge it into another word")
    light = Aspect.objects.create(organisation=project.organisation, name="Light")
    _says(editor.post(f"{ASPECTS}{light.pk}/delete/", follow=True), "“Light” is deleted.")
    assert Aspect.objects.filter(name__in=["Dust", "Light"]).get() == dust


def test_a_word_that_projects_of_others_use_is_not_theirs_to_change(editor: Client, project: Project) -> None:
    elsewhere = Project.objects.create(organisation=project.organisation, code="ELSE", name="Elsewhere")
    mechanism = Mechanism.objects.create(project=elsewhere, kind="epbc", short="E", reference="E")
    dust = Aspect.objects.get(name="Dust")
    Obligation.objects.create(project=elsewhere, mechanism=mechanism, number="1", requirement="x", aspect=dust)
    for data in ({"name": "Air"}, {"into": str(Aspect.objects.get(name="Water").pk)}):
        response = editor.post(f"{ASPECTS}{dust.pk}/", data)
        assert response.status_code == 422
        _says(response, "Projects that you do not manage use “Dust” too")
    assert Aspect.objects.filter(pk=dust.pk, name="Dust").exists()


@pytest.mark.parametrize("path", ["vocabulary/aspects/", "procedures/add/"])
def test_who_may_look_changes_no_word_and_a_stranger_finds_none(
    client: Client, project: Project, viewer: User, stranger: User, path: str
) -> None:
    url = f"/projects/WRL/{path}"
    client.force_login(viewer)
    assert client.post(url, {"name": "x"}).status_code == 403
    assert client.get("/projects/WRL/vocabulary/").status_code == 200
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    assert client.post(url, {"name": "x"}).status_code == 404
    assert not Aspect.objects.filter(name="x").exists()


def test_a_retired_word_stays_where_it_is_and_is_offered_to_nobody(editor: Client, project: Project) -> None:
    dust = Aspect.objects.get(name="Dust")
    duty, other = project.obligations.filter(aspect=dust)[0], project.obligations.exclude(aspect=dust)[0]
    option = ">Dust</option>"
    url = f"{ASPECTS}{dust.pk}/retire/"
    _says(editor.post(url, {"retired": "yes"}, follow=True), "“Dust” is retired", "Retired")
    assert option in editor.get(f"/projects/WRL/obligations/{duty.pk}/edit/").content.decode()
    assert option not in editor.get(f"/projects/WRL/obligations/{other.pk}/edit/").content.decode()
    assert option not in editor.get("/projects/WRL/obligations/add/").content.decode()
    assert option in editor.get("/projects/WRL/register/").content.decode()
    _says(editor.post(url, follow=True), "“Dust” is offered again.")
    assert option in editor.get("/projects/WRL/obligations/add/").content.decode()
    assert AuditEvent.objects.filter(action__in=["term.retire", "term.bring_back"], subject_label="Dust").count() == 2


def test_an_unknown_vocabulary_is_not_found(editor: Client) -> None:
    assert editor.get("/projects/WRL/vocabulary/procedures/").status_code == 404


def test_a_procedure_whose_review_is_overdue_comes_first(editor: Client, project: Project) -> None:
    late = Procedure.objects.get(name="Tailings facility inspection")
    Procedure.objects.exclude(pk=late.pk).update(review_on=None)
    Procedure.objects.filter(pk=late.pk).update(review_on=project.today - timedelta(days=1))
    response = editor.get(PROCEDURES)
    assert response.context["rows"][0] == (late, 1, True)
    _says(response, "1 review overdue.", "Review overdue, yesterday")
    Procedure.objects.filter(pk=late.pk).update(status="obsolete")
    assert editor.get(PROCEDURES).context["late"] == 0


def test_a_procedure_shows_the_obligations_that_it_says_how_to_meet(editor: Client) -> None:
    procedure = Procedure.objects.get(name="Groundwater monitoring procedure")
    response = editor.get(f"{PROCEDURES}{procedure.pk}/")
    assert {duty.code for duty, _ in response.context["obligations"]} == {"MS1234 8-4", "L9876 21"}


def test_a_procedure_is_added_and_changed(editor: Client) -> None:
    fields = _fields(editor.get(f"{PROCEDURES}add/")) | {"name": "Weed hygiene", "reference": "WRL-1"}
    editor.post(f"{PROCEDURES}add/", fields)
    added = Procedure.objects.get(name="Weed hygiene")
    url = f"{PROCEDURES}{added.pk}/edit/"
    mine, theirs = _fields(editor.get(url)), _fields(editor.get(url))
    editor.post(url, theirs | {"version": "Rev 2"})
    assert editor.post(url, mine | {"version": "Rev 3"}).status_code == 409
    assert editor.post(url, mine | {"owner": "Adviser"}).status_code == 302
    added.refresh_from_db()
    assert (added.version, added.owner) == ("Rev 2", "Adviser")
    assert [event.action for event in AuditEvent.objects.filter(subject=f"procedure:{added.pk}")] == [
        "procedure.add",
        "procedure.change",
        "procedure.change",
    ]


def test_a_review_comes_after_the_day_it_is_effective(editor: Client) -> None:
    procedure = Procedure.objects.get(name="Spill response procedure")
    url = f"{PROCEDURES}{procedure.pk}/edit/"
    response = editor.post(url, _fields(editor.get(url)) | {"review_on": "2020-01-01"})
    assert response.status_code == 422
    _says(response, "The next review comes after the day from which it is effective.")
    procedure.refresh_from_db()
    assert procedure.review_on is not None
    assert procedure.review_on.year == 2026


def test_the_document_is_kept_and_sent(editor: Client, stranger: User) -> None:
    procedure = Procedure.objects.get(name="Spill response procedure")
    url = reverse("procedure_document", args=["WRL", procedure.pk])
    assert editor.get(url).status_code == 404
    upload = SimpleUploadedFile("spill.pdf", PDF, "application/pdf")
    editor.post(reverse("procedure_document_add", args=["WRL", procedure.pk]), {"document": upload})
    response = editor.get(url)
    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    editor.force_login(stranger)
    assert editor.get(url).status_code == 404
