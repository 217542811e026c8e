"""The pages of reports to regulators, as people and their browsers use them, with a script and without."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock, patch

import pytest
from accounts.models import User
from django.test import Client
from django.urls import reverse
from obligations.models import Evidence, Occurrence
from openpyxl import load_workbook
from registers.models import Project

from reports.statutory import worker
from reports.statutory.making import make
from reports.statutory.models import StatutoryReport

BEGIN = {"layout_key": "wa_car", "period_start": "2025-11-20", "period_end": "2026-11-19"}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.fixture(autouse=True)
def started() -> Iterator[Mock]:
    """Let no test start a process that looks for another database."""
    with patch.object(worker, "start") as start:
        yield start


@pytest.fixture
def draft(client: Client, project: Project, manager: User) -> StatutoryReport:
    client.force_login(manager)
    mechanism = project.mechanisms.get(reference="MS 1234")
    answer = client.post(f"/projects/WRL/reports/begin/?mechanism={mechanism.pk}", BEGIN)
    report = StatutoryReport.objects.get()
    assert answer.headers["Location"] == report.get_absolute_url()
    return report


def test_a_report_is_begun_for_the_last_period_that_is_over(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    page = client.get("/projects/WRL/reports/begin/").content.decode()
    assert "MS 1234" in page
    mechanism = project.mechanisms.get(reference="MS 1234")
    page = client.get(f"/projects/WRL/reports/begin/?mechanism={mechanism.pk}").content.decode()
    assert 'value="2025-03-12"' in page
    assert 'value="2026-03-11"' in page
    assert "Annual Return" not in page


def test_bad_periods_are_refused_with_what_was_entered(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    mechanism = project.mechanisms.get(reference="MS 1234")
    answer = client.post(
        f"/projects/WRL/reports/begin/?mechanism={mechanism.pk}", {**BEGIN, "period_end": "2025-01-01"}
    )
    assert answer.status_code == 422
    assert "ends before it starts" in answer.content.decode()
    assert client.get("/projects/WRL/reports/begin/?mechanism=x").status_code == 404


def test_words_are_saved_by_hand_and_while_they_are_written(client: Client, draft: StatutoryReport) -> None:
    address = reverse("statutory_write", args=["WRL", draft.pk, "introduction"])
    answer = client.post(address, {"text": "One.", "version": "0"})
    assert answer.headers["Location"].endswith("#introduction")
    answer = client.post(address, {"text": "One. Two.", "version": "1"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert 'name="version" value="2"' in answer.content.decode()
    assert "One. Two." in client.get(draft.get_absolute_url()).content.decode()


@pytest.mark.parametrize("headers", [{}, {"HTTP_HX_REQUEST": "true"}])
def test_who_saves_over_another_sees_both_texts(
    client: Client, draft: StatutoryReport, headers: dict[str, str]
) -> None:
    address = reverse("statutory_write", args=["WRL", draft.pk, "introduction"])
    client.post(address, {"text": "Theirs.", "version": "0"})
    answer = client.post(address, {"text": "Mine.", "version": "0"}, **headers)  # type: ignore[arg-type]
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Theirs." in page
    assert ("Mine." in page) or headers
    client.post(address, {"text": "Mine.", "version": "0", "over": "1"})
    assert draft.narratives.get().text == "Mine."


def test_a_line_is_judged_and_computed_again(client: Client, draft: StatutoryReport) -> None:
    duty = draft.project.obligations.get(mechanism__reference="MS 1234", number="6-2(3)")
    address = reverse("statutory_line", args=["WRL", draft.pk, duty.pk])
    assert client.post(address, {"finding": "compliant", "reason": ""}).status_code == 422
    client.post(address, {"finding": "compliant", "reason": "Mapped."})
    assert "computed: PNC" in client.get(reverse("statutory_lines", args=["WRL", draft.pk])).content.decode()
    client.post(address, {"computed": "1"})
    assert not draft.overrides.exists()


def test_from_draft_to_signature(
    client: Client, draft: StatutoryReport, manager: User, approver: User, started: Mock
) -> None:
    act = f"/projects/WRL/reports/{draft.pk}/"
    client.post(act + "finalise/")
    started.assert_called_once()
    assert "documents are being made" in client.get(act).content.decode()
    assert client.get(act + "progress/").status_code == 200
    worker.run()
    assert client.get(act + "progress/").headers["HX-Refresh"] == "true"
    assert client.post(act + "sign/", {"name": "M", "position": "Manager"}).status_code == 403
    client.force_login(approver)
    assert client.post(act + "sign/", {"name": "", "position": ""}).status_code == 422
    client.post(act + "sign/", {"name": "Ada Approver", "position": "Director"})
    draft.refresh_from_db()
    assert (draft.state, draft.signed_by) == ("signed", approver)
    worker.run()
    page = client.get(act).content.decode()
    assert "Ada Approver" in page
    assert f"{draft.file_stem}.pdf" in page
    client.force_login(manager)
    assert client.post(act + "withdraw/", {"reason": ""}).status_code == 422
    client.post(act + "withdraw/", {"reason": "Wrong period."})
    client.post(act + "revise/")
    assert StatutoryReport.objects.get(state="draft").revision == 1


def test_documents_and_pack_are_taken_away(client: Client, finalised: StatutoryReport, manager: User) -> None:
    client.force_login(manager)
    make(finalised)
    answer = client.get(f"/projects/WRL/reports/{finalised.pk}/files/{finalised.file_stem}.pdf")
    assert body(answer)[:5] == b"%PDF-"
    answer = client.get(f"/projects/WRL/reports/{finalised.pk}/pack.zip")
    assert body(answer)[:2] == b"PK"
    assert client.get(f"/projects/WRL/reports/{finalised.pk}/files/other.pdf").status_code == 404


def test_what_was_tampered_with_is_not_shown(client: Client, finalised: StatutoryReport, manager: User) -> None:
    client.force_login(manager)
    StatutoryReport.objects.update(snapshot=finalised.snapshot.replace("MS 1234", "MS 9999"))
    for name in ("statutory_preview", "statutory_lines"):
        page = client.get(reverse(name, args=["WRL", finalised.pk]), follow=True).content.decode()
        assert "its hash does not match" in page


def test_a_preview_says_all_that_the_documents_say(client: Client, finalised: StatutoryReport, manager: User) -> None:
    client.force_login(manager)
    page = client.get(reverse("statutory_preview", args=["WRL", finalised.pk])).content.decode()
    for words in ("Appendix B: Audit table", "Topsoil stripped before", "Clearing ended in June.", "&lt;does&gt;"):
        assert words in page


def test_strangers_find_nothing_and_viewers_change_nothing(
    client: Client, finalised: StatutoryReport, stranger: User, viewer: User
) -> None:
    pages = ["", "preview/", "lines/", "progress/", "pack.zip", "lines.csv"]
    client.force_login(stranger)
    for page in pages:
        assert client.get(f"/projects/WRL/reports/{finalised.pk}/{page}").status_code == 404
    assert client.post(f"/projects/WRL/reports/{finalised.pk}/sign/").status_code == 404
    client.force_login(viewer)
    assert client.get(f"/projects/WRL/reports/{finalised.pk}/").status_code == 200
    assert client.get("/projects/WRL/reports/begin/").status_code == 403
    for page in ("pack.zip", "lines.csv"):
        assert client.get(f"/projects/WRL/reports/{finalised.pk}/{page}").status_code == 403
    for act in ("finalise", "sign", "withdraw", "revise", "discard", "documents"):
        assert client.post(f"/projects/WRL/reports/{finalised.pk}/{act}/").status_code == 403


def test_a_report_of_another_project_is_hidden(client: Client, finalised: StatutoryReport, manager: User) -> None:
    other = Project.objects.create(organisation=finalised.project.organisation, code="OTHER", name="Other")
    other.memberships.create(user=manager, role="manager")
    client.force_login(manager)
    assert client.get(f"/projects/OTHER/reports/{finalised.pk}/").status_code == 404


def test_all_occurrences_are_exported(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    note = '=HYPERLINK("http://x")'
    Occurrence.objects.filter(pk=Occurrence.objects.earliest("pk").pk).update(note=note)
    number = Occurrence.objects.filter(project=project).count()
    text = body(client.get("/projects/WRL/occurrences.csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == number
    assert "'" + note in {row["note"] for row in rows}
    book = body(client.get("/projects/WRL/occurrences.xlsx"))
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    assert sheet.max_row == number + 1
    assert client.get("/projects/WRL/occurrences.pdf").status_code == 404


def test_the_lines_and_the_trail_are_exported(
    client: Client, finalised: StatutoryReport, proof: Evidence, manager: User, viewer: User
) -> None:
    client.force_login(manager)
    told = body(client.get(f"/projects/WRL/reports/{finalised.pk}/lines.csv"))
    lines = list(csv.DictReader(io.StringIO(told.decode("utf-8-sig"))))
    assert {line["code"] for line in lines} >= {"MS1234 1-1", "CEMP 4.2"}
    book = body(client.get("/projects/WRL/audit.xlsx?action=report.finalise"))
    rows = list(load_workbook(io.BytesIO(book)).worksheets[0].iter_rows(values_only=True))
    assert "report.finalise" in {row[5] for row in rows}
    client.force_login(viewer)
    assert client.get("/projects/WRL/audit.xlsx").status_code == 403
