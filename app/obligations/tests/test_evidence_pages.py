"""The pages of evidence: what they take, what they show, and to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from accounts.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registers.models import Project

from obligations.models import CorrectiveAction, Evidence, NonCompliance, Obligation, Occurrence
from obligations.states import OccurrenceState

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

PDF = b"%PDF-1.7\nthe report"
PNG = b"\x89PNG\r\n\x1a\n"
DAY = "2025-06-30"


@pytest.fixture
def duty(project: Project) -> Obligation:
    return Obligation.objects.filter(project=project).for_page()[0]


@pytest.fixture
def address(duty: Obligation) -> str:
    return f"/projects/WRL/obligations/{duty.pk}/evidence/"


@pytest.fixture
def signed_in(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def pdf(name: str = "report.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send(client: Client, address: str, *files: SimpleUploadedFile, htmx: bool = False, **values: str) -> HttpResponse:
    headers = {"HTTP_HX_REQUEST": "true"} if htmx else {}
    said = {"uploads": files, "effective_on": DAY, **values}
    return client.post(address, said, **headers)  # type: ignore[arg-type,return-value]  # the stubs know one header


def body(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response)


def added(client: Client, address: str, file: SimpleUploadedFile | None = None) -> Evidence:
    send(client, address, file or pdf())
    return Evidence.objects.order_by("-pk")[0]


def test_files_are_uploaded_without_a_script_and_then_listed(signed_in: Client, address: str, duty: Obligation) -> None:
    response = send(signed_in, address, pdf(), pdf("map.png", PNG), description="Dust in June")
    assert response.status_code == 302
    assert response.headers["Location"] == f"{duty.get_absolute_url()}#evidence"
    page = signed_in.get(address).content.decode()
    assert "report.pdf, map.png are kept as evidence." in page
    assert page.count("Dust in June") == 2
    assert "30 June 2025" in page


def test_htmx_gets_the_list_alone(signed_in: Client, address: str) -> None:
    response = send(signed_in, address, pdf(), htmx=True)
    assert response.status_code == 200
    page = response.content.decode()
    assert page.lstrip().startswith('<section id="evidence"')
    assert "report.pdf is kept as evidence." in page


@pytest.mark.parametrize("htmx", [True, False])
def test_good_files_are_kept_bad_ones_are_named_and_what_was_typed_stays(
    signed_in: Client, address: str, htmx: bool
) -> None:
    files = (pdf("run.exe", b"MZ\0"), pdf(), pdf("void.pdf", b""), pdf("page.pdf", b"<html>"))
    response = send(signed_in, address, *files, htmx=htmx, description="Dust in June")
    assert response.status_code == 422
    page = response.content.decode()
    assert "report.pdf is kept as evidence." in page
    for problem in ("run.exe is a program", "void.pdf is empty", "page.pdf is a web page"):
        assert problem in page
    assert 'value="Dust in June"' in page
    assert f'value="{DAY}"' in page
    assert [evidence.name for evidence in Evidence.objects.all()] == ["report.pdf"]


def test_a_file_above_the_limit_is_named_with_the_limit(signed_in: Client, address: str, settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    page = send(signed_in, address, pdf(content=PDF + bytes(1024 * 1024))).content.decode()
    assert "report.pdf has 1.0 MB: a file may have up to 1 MB." in page
    assert "and 1 MB together" in page


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"uploads": []}, "Choose at least one file."),
        ({"effective_on": ""}, "Enter the day that the files speak of."),
        ({"effective_on": "2999-01-01"}, "The effective date lies ahead"),
        ({"description": "x" * 256}, "at most 255 characters"),
    ],
)
def test_an_incomplete_form_says_what_is_missing(
    signed_in: Client, address: str, values: dict[str, str], says: str
) -> None:
    response = signed_in.post(address, {"uploads": pdf(), "effective_on": DAY, **values})
    assert response.status_code == 422
    assert says in response.content.decode()
    assert not Evidence.objects.exists()


def test_a_file_is_saved_as_it_was_uploaded_and_boxed_in(signed_in: Client, address: str) -> None:
    evidence = added(signed_in, address, pdf("Bericht März.pdf"))
    response = signed_in.get(f"/projects/WRL/evidence/{evidence.pk}/file/")
    assert body(response) == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


def test_images_and_pdfs_are_shown_in_a_box_and_others_are_not(signed_in: Client, address: str) -> None:
    shown = {
        "report.pdf": (PDF, "<iframe"),
        "map.png": (PNG, '<img class="evidence-image"'),
        "dust.csv": (b"day,PM10\n", "no preview"),
    }
    for name, (content, element) in shown.items():
        evidence = added(signed_in, address, pdf(name, content))
        page = signed_in.get(evidence.get_absolute_url())
        assert element in page.content.decode()
        assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
        preview = signed_in.get(f"/projects/WRL/evidence/{evidence.pk}/preview/")
        assert "sandbox" in preview.headers["Content-Security-Policy"]
        assert preview.headers["Content-Disposition"].startswith("attachment" if name == "dust.csv" else "inline")
        assert preview.headers["X-Frame-Options"] == ("DENY" if name == "dust.csv" else "SAMEORIGIN")
        assert body(preview) == content


def test_files_are_hidden_from_whoever_may_not_see_the_project(
    signed_in: Client, address: str, stranger: User, project: Project
) -> None:
    evidence = added(signed_in, address)
    other = Project.objects.create(organisation=project.organisation, code="ELSEWHERE", name="Elsewhere")
    pages = ("", "file/", "preview/")
    for page in pages:
        assert signed_in.get(f"/projects/{other.code}/evidence/{evidence.pk}/{page}").status_code == 404
        assert signed_in.get(f"/projects/WRL/evidence/{evidence.pk + 1}/{page}").status_code == 404
    outside = Client()
    assert outside.get(f"/projects/WRL/evidence/{evidence.pk}/file/").status_code == 302
    outside.force_login(stranger)
    for page in pages:
        assert outside.get(f"/projects/WRL/evidence/{evidence.pk}/{page}").status_code == 404
    for act in ("edit/", "review/", "verify/", "remove/"):
        assert outside.post(f"/projects/WRL/evidence/{evidence.pk}/{act}").status_code == 404
    assert outside.post(address, {"uploads": pdf()}).status_code == 404


def test_a_part_of_another_obligation_cannot_be_named(signed_in: Client, address: str, duty: Obligation) -> None:
    other = Occurrence.objects.exclude(obligation=duty)[0]
    for query in (f"occurrence={other.pk}", "occurrence=x", f"occurrence={'9' * 30}", "inspection=1000000"):
        assert signed_in.get(f"{address}?{query}").status_code == 404


def test_a_viewer_sees_and_saves_but_does_not_change(
    signed_in: Client, client: Client, address: str, viewer: User
) -> None:
    evidence = added(signed_in, address)
    client.force_login(viewer)
    page = client.get(evidence.get_absolute_url()).content.decode()
    assert not re.search("Verify now|Remove from|Correct date|I have reviewed", page)
    assert body(client.get(f"/projects/WRL/evidence/{evidence.pk}/file/")) == PDF
    assert client.get(address).status_code == 403
    assert send(client, address, pdf("more.pdf")).status_code == 403
    values = {"reason": "Mine", "effective_on": DAY}
    for act in ("edit/", "review/", "verify/", "remove/"):
        assert client.post(f"/projects/WRL/evidence/{evidence.pk}/{act}", values).status_code == 403


def test_it_is_dated_anew_reviewed_verified_and_removed(
    signed_in: Client, client: Client, address: str, approver: User
) -> None:
    evidence = added(signed_in, address)
    here = evidence.get_absolute_url()
    assert signed_in.post(f"{here}edit/", {"effective_on": "", "reason": ""}).status_code == 422
    signed_in.post(f"{here}edit/", {"effective_on": "2025-06-01", "description": "June", "reason": "Day of the sample"})
    assert "what was uploaded, bit by bit" in signed_in.post(f"{here}verify/", follow=True).content.decode()
    assert "somebody else has to review it" in signed_in.post(f"{here}review/", follow=True).content.decode()
    refused = signed_in.post(f"{here}remove/", {"reason": ""})
    assert refused.status_code == 422
    assert "Say why it is removed." in refused.content.decode()
    client.force_login(approver)
    assert "is reviewed" in client.post(f"{here}review/", follow=True).content.decode()
    client.force_login(evidence.uploaded_by)
    page = client.post(f"{here}remove/", {"reason": "Another project's"}, follow=True).content.decode()
    assert "Another project&#x27;s" in page
    evidence.refresh_from_db()
    assert evidence.removed_at
    assert str(evidence.effective_on) == "2025-06-01"
    assert evidence.reviewed_by == approver
    assert "report.pdf" not in client.get(address).content.decode()


def test_a_closed_occurrence_says_that_its_evidence_is_locked(
    signed_in: Client, address: str, duty: Obligation
) -> None:
    one = Occurrence.objects.create(
        project=duty.project, obligation=duty, sequence=900, state=OccurrenceState.CANCELLED, cancelled_for="Withdrawn"
    )
    page = signed_in.get(f"{address}?occurrence={one.pk}").content.decode()
    assert "The occurrence is cancelled, which locks its evidence" in page
    assert 'type="file"' not in page
    response = send(signed_in, f"{address}?occurrence={one.pk}", pdf())
    assert response.status_code == 422
    assert "which locks its evidence" in response.content.decode()


def test_evidence_of_a_corrective_action_is_listed_with_it_and_with_the_obligation(
    signed_in: Client, address: str, duty: Obligation
) -> None:
    lapse = NonCompliance.objects.create(
        project=duty.project, number=900, kind="non_compliant", title="Late", obligation=duty, aware_on=DAY
    )
    action = CorrectiveAction.objects.create(non_compliance=lapse, description="Set a reminder", due_on=DAY)
    response = send(signed_in, f"{address}?corrective_action={action.pk}", pdf())
    assert response.headers["Location"] == f"{action.get_absolute_url()}#evidence-corrective_action-{action.pk}"
    page = signed_in.get(action.get_absolute_url()).content.decode()
    assert f'id="evidence-corrective_action-{action.pk}"' in page
    assert "report.pdf" in page
    assert "report.pdf" in signed_in.get(address).content.decode()


def test_a_long_list_costs_no_more_queries(signed_in: Client, address: str) -> None:
    def cost() -> int:
        signed_in.get(address)
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(address)
        return len(queries)

    send(signed_in, address, pdf())
    few = cost()
    send(signed_in, address, *(pdf(f"{number}.pdf", PDF + str(number).encode()) for number in range(20)))
    assert cost() == few
