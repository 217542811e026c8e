"""The pages of an import, as somebody goes through them."""

from __future__ import annotations

import csv
import os
import signal
from io import StringIO

import pytest
from accounts.models import User
from config.tests.subprocesses import python
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from registers.models import Project

from obligations.importing import worker
from obligations.models import ColumnMapping, ImportBatch, Obligation

State = ImportBatch.State
LIST = "/projects/WRL/imports/"
REGISTER = b"Instrument,Clause No,obligation_number,obligation\nMS 9,a,1,Sweep\nMS 9,b,2,\n"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object) -> None:
    """Let the work be done in this process, which sees the test's transaction."""
    monkeypatch.setattr(worker, "start", worker.run)


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def upload(browser: Client, capture: object, content: bytes = REGISTER, name: str = "register.csv") -> ImportBatch:
    with capture(execute=True):  # type: ignore[operator]
        browser.post(LIST, {"upload": SimpleUploadedFile(name, content)})
    return ImportBatch.objects.latest("pk")


def act(browser: Client, capture: object, batch: ImportBatch, name: str, **data: str) -> object:
    with capture(execute=True):  # type: ignore[operator]
        return browser.post(f"{LIST}{batch.pk}/{name}/", data)


def test_from_the_upload_to_the_register_and_back(browser: Client, django_capture_on_commit_callbacks: object) -> None:
    capture = django_capture_on_commit_callbacks
    before = Obligation.objects.count()
    batch = upload(browser, capture)
    page = browser.get(f"{LIST}{batch.pk}/").content.decode()
    assert "Which column is which field" in page
    chosen = {"column-0": "mechanism", "column-1": "", "column-2": "number", "column-3": "requirement"}
    act(browser, capture, batch, "check", **chosen)
    page = browser.get(f"{LIST}{batch.pk}/").content.decode()
    assert "Accept 1 row" in page
    assert "every obligation needs one" in page
    assert Obligation.objects.count() == before
    act(browser, capture, batch, "accept")
    added = Obligation.objects.get(mechanism__reference="MS 9")
    assert added.extra == {"Clause No": "a"}
    assert "Undo this import" in browser.get(f"{LIST}{batch.pk}/").content.decode()
    act(browser, capture, batch, "undo")
    assert Obligation.objects.count() == before
    batch.refresh_from_db()
    assert batch.state == State.UNDONE


def test_the_choice_of_columns_is_remembered_for_the_header(
    browser: Client, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    capture = django_capture_on_commit_callbacks
    chosen = {"column-0": "mechanism", "column-1": "title", "column-2": "number", "column-3": "requirement"}
    act(browser, capture, upload(browser, capture), "check", **chosen)
    assert ColumnMapping.objects.get().organisation == project.organisation
    again = upload(browser, capture, REGISTER + b"MS 9,c,3,Reap\n")
    assert again.columns == {
        "Instrument": "mechanism",
        "Clause No": "title",
        "obligation_number": "number",
        "obligation": "requirement",
    }


def test_a_choice_that_lacks_what_every_row_needs_is_refused_with_the_form(
    browser: Client, django_capture_on_commit_callbacks: object
) -> None:
    capture = django_capture_on_commit_callbacks
    batch = upload(browser, capture)
    response = browser.post(f"{LIST}{batch.pk}/check/", {"column-2": "number", "column-3": "number"})
    assert response.status_code == 422
    assert "Choose the column of the primary environmental mechanism" in response.content.decode()
    chosen = {"column-0": "mechanism", "column-1": "number", "column-2": "number", "column-3": "requirement"}
    response = browser.post(f"{LIST}{batch.pk}/check/", chosen)
    assert "cannot both be the same field" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("register.csv", b"a,b\xff\n1,2\n", "save it as “CSV UTF-8”"),
        ("register.xlsx", b"PK\x03\x04 not a workbook", "no workbook"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    browser: Client, django_capture_on_commit_callbacks: object, name: str, content: bytes, said: str
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        response = browser.post(LIST, {"upload": SimpleUploadedFile(name, content)}, follow=True)
    batch = ImportBatch.objects.first()
    page = browser.get(f"{LIST}{batch.pk}/").content.decode() if batch else response.content.decode()
    assert said in page or "by its content" in page or "of a kind that is not taken" in page


@pytest.mark.parametrize("name", ["", "photo.png"])
def test_a_form_without_a_register_is_shown_again(browser: Client, name: str) -> None:
    data = {"upload": SimpleUploadedFile(name, b"\x89PNG\r\n\x1a\n")} if name else {}
    assert browser.post(LIST, data).status_code == 422


def test_the_report_and_the_template_are_csv(browser: Client, django_capture_on_commit_callbacks: object) -> None:
    capture = django_capture_on_commit_callbacks
    batch = upload(browser, capture, b"mechanism,number,obligation\nMS 9,=1,x\nMS 9,2,\n")
    chosen = {"column-0": "mechanism", "column-1": "number", "column-2": "requirement"}
    act(browser, capture, batch, "check", **chosen)
    response = browser.get(f"{LIST}{batch.pk}/report/")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.DictReader(StringIO(text)))
    assert {line["line"]: line["result"] for line in lines} == {"2": "accepted with a warning", "3": "refused"}
    assert lines[0]["number"] == "'=1"
    assert "obligation_number" in browser.get(f"{LIST}template/").content.decode()


def test_imports_are_for_those_who_may_run_them(client: Client, project: Project, viewer: User, stranger: User) -> None:
    for user, status in ((viewer, 403), (stranger, 404)):
        client.force_login(user)
        assert client.get(LIST).status_code == status


def test_an_import_of_another_project_is_not_there(
    browser: Client, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    batch = upload(browser, django_capture_on_commit_callbacks)
    Project.objects.create(organisation=project.organisation, code="OTHER", name="Other").memberships.create(
        user=User.objects.get(email="manager@example.com"), role="manager"
    )
    assert browser.get(f"/projects/OTHER/imports/{batch.pk}/").status_code == 404


def test_what_stopped_can_be_gone_on_with(browser: Client, project: Project) -> None:
    batch = ImportBatch.objects.create(project=project, file_name="a.csv", state=State.ACCEPTING, progress=3)
    assert "The work has stopped" in browser.get(f"{LIST}{batch.pk}/").content.decode()
    browser.post(f"{LIST}{batch.pk}/resume/")
    batch.refresh_from_db()
    assert batch.state == State.ACCEPTED


def test_a_process_that_is_killed_lets_go_of_its_import(project: Project) -> None:
    batch = ImportBatch.objects.create(project=project, file_name="a.csv", state=State.ACCEPTING)
    assert not worker.is_at_work(batch)
    lock = worker._lock_file(batch)
    holds = f"import fcntl, signal; f = open({str(lock)!r}, 'w'); fcntl.flock(f, 2); print('held', flush=True)"
    with python("-c", f"{holds}; signal.pause()") as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert worker.is_at_work(batch)
        os.kill(process.pid, signal.SIGKILL)
    assert not worker.is_at_work(batch)
