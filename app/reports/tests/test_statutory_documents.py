"""The documents of a report: PDF, Word and Excel say the same, and what the register said."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import docx
import pytest
from accounts.models import User
from django.core.management import call_command
from files.services import path_of
from files.storage import storage
from obligations.models import Evidence, NonCompliance
from openpyxl import load_workbook
from pypdf import PdfReader
from registers.models import Project

from reports.statutory import making, services, worker
from reports.statutory.document import NO_PARTICULARS, volumes
from reports.statutory.freezing import TamperedSnapshot, frozen
from reports.statutory.making import document_of, documents, make, write
from reports.statutory.models import StatutoryReport
from reports.statutory.pack import pack


def squeezed(text: str) -> str:
    return re.sub(r"\s|\u200b", "", text)


def said(report: StatutoryReport) -> list[str]:
    """Return every text and number that the report's tables, facts and paragraphs have."""
    found = []
    for block in document_of(report).blocks:
        found += [block.text] if block.text else []
        found += [cell for row in block.rows for cell in row if cell]
    return found


def text_of_word(path: Path) -> str:
    return "".join(docx.Document(str(path)).element.body.itertext())


@pytest.fixture
def made(finalised: StatutoryReport) -> dict[str, Path]:
    return {path.suffix: path for path in make(finalised)}


def test_what_was_found_without_a_record_of_its_particulars_is_named(project: Project, manager: User) -> None:
    draft = services.report_begin(
        actor=manager,
        project=project,
        mechanism=project.mechanisms.get(reference="L9876/2025/1"),
        layout_key="wa_aacr",
        period_start=date(2025, 11, 20),
        period_end=date(2026, 11, 19),
    )
    report = services.report_finalise(actor=manager, report=draft)
    words = said(report)
    assert words[words.index("Answer") + 1] == "No"
    assert "There was none in the reporting period." not in words
    bare = words[words.index(NO_PARTICULARS) + 1 :]
    assert bare[:2] == ["L9876 21", "Non-compliant"]
    assert "Due on 7 April 2026, done on 20 April 2026." in bare[2]
    # A word that is its own meaning stands once.
    assert words[words.index("Compliant") + 1].isdecimal()


def test_pdf_and_word_say_all_that_the_report_says(finalised: StatutoryReport, made: dict[str, Path]) -> None:
    pdf = squeezed("".join(page.extract_text() for page in PdfReader(made[".pdf"]).pages))
    word = squeezed(text_of_word(made[".docx"]))
    assert [text for text in said(finalised) if squeezed(text) not in word] == []
    # A row that goes over to another page has that page's header and footer within it: a few long ones may.
    astray = [text for text in said(finalised) if squeezed(text) not in pdf]
    assert [text for text in astray if len(text) < 60] == []
    assert len(astray) <= 3


def test_the_numbers_are_those_of_the_register(finalised: StatutoryReport, made: dict[str, Path]) -> None:
    book = load_workbook(made[".xlsx"])
    lines = list(book["Lines"].iter_rows(min_row=2, values_only=True))
    heads = [cell.value for cell in book["Lines"][1]]
    status, occurrences = heads.index("Status"), heads.index("Occurrences")
    counted = {row[0]: row[2] for row in book["Counts"].iter_rows(min_row=2, values_only=True)}
    assert {code: number for code, number in counted.items() if number} == Counter(row[status] for row in lines)
    assert len(lines) == finalised.project.obligations.filter(mechanism__short__in=["MS1234", "CEMP"]).count()
    told = frozen(finalised)
    assert sum(int(str(row[occurrences])) for row in lines) == sum(line["occurrences"] for line in told["lines"])
    found = NonCompliance.objects.filter(project=finalised.project)
    assert book["Non-compliances"].max_row - 1 == len(told["findings"]) == found.count()
    pdf = squeezed("".join(page.extract_text() for page in PdfReader(made[".pdf"]).pages))
    for term in told["layout"]["status"]:
        assert squeezed(f"{term['code']}{term['label']}{counted[term['code']]}") in pdf


def test_the_pdf_is_tagged_and_has_bookmarks_and_numbered_pages(made: dict[str, Path]) -> None:
    pdf = PdfReader(made[".pdf"])
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-AU"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    marks = [mark.title for mark in pdf.outline if not isinstance(mark, list)]
    assert "4 Statement of Compliance" in marks
    assert "Appendix B: Audit table" in marks
    for number, page in enumerate(pdf.pages, start=1):
        assert f"Page {number} of {len(pdf.pages)}" in page.extract_text()


def test_made_again_they_are_the_same_byte_by_byte(
    finalised: StatutoryReport, made: dict[str, Path], tmp_path: Path
) -> None:
    finalised.project.obligations.update(requirement="Something else")
    call_command("generate_report", finalised.pk, out=tmp_path / "again")
    again = {path.suffix: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert again == {suffix: path.read_bytes() for suffix, path in made.items()}


def test_a_changed_snapshot_gives_no_documents(finalised: StatutoryReport) -> None:
    StatutoryReport.objects.update(snapshot=finalised.snapshot.replace("Non-compliant", "Compliant"))
    with pytest.raises(TamperedSnapshot):
        make(StatutoryReport.objects.get())
    worker.run()
    assert "hash does not match" in StatutoryReport.objects.get().problem


def test_what_waits_is_made_once_and_what_fails_says_why(finalised: StatutoryReport) -> None:
    assert worker.is_waiting(finalised)
    with patch.object(making, "SECONDS", 0):
        assert worker.run() == 1
    finalised.refresh_from_db()
    assert "could not be typeset" in finalised.problem
    assert not documents(finalised)
    StatutoryReport.objects.update(asked_at=finalised.finalised_at)
    assert (worker.run(), worker.run()) == (1, 0)
    finalised.refresh_from_db()
    assert (finalised.problem, finalised.asked_at) == ("", None)
    assert {path.suffix for path in documents(finalised)} == {".pdf", ".docx", ".xlsx"}


def test_only_one_process_makes_documents(finalised: StatutoryReport) -> None:
    with worker._lock_file().open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert worker.run() == 0
        assert worker.is_at_work()
        with patch("subprocess.Popen") as popen:
            worker.start()
        popen.assert_not_called()
    assert not worker.is_at_work()


def test_a_long_report_comes_in_volumes_that_lose_no_row(finalised: StatutoryReport) -> None:
    whole = document_of(finalised)
    parts = volumes(whole, 10)
    assert len(parts) > 1
    assert all(sum(len(block.rows) for block in part.blocks if block.kind == "table") <= 10 for part in parts)

    def rows(documents: Any) -> list[Any]:
        return [row for one in documents for block in one.blocks if block.kind == "table" for row in block.rows]

    assert rows(parts) == rows([whole])
    assert parts[1].volume == f"Volume 2 of {len(parts)}"


def test_the_signature_stands_in_the_documents(finalised: StatutoryReport, approver: User, tmp_path: Path) -> None:
    signed = services.report_sign(actor=approver, report=finalised, name="Ada Approver", position="Director")
    pdf, word, _ = write(signed, tmp_path)
    assert "AdaApprover" in squeezed("".join(page.extract_text() for page in PdfReader(pdf).pages))
    assert "Director" in text_of_word(word)


def test_sha256sum_accepts_the_pack(finalised: StatutoryReport, made: dict[str, Path], tmp_path: Path) -> None:
    archive = b"".join(pack(finalised, documents(finalised)))
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path / "pack")
        names = opened.namelist()
    assert "evidence/E1-Weed map: año 2026.txt" in names
    checked = subprocess.run(
        ["/usr/bin/sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "pack", capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == len(names) - 1


def test_a_pack_whose_evidence_was_changed_fails_the_check(
    finalised: StatutoryReport, proof: Evidence, tmp_path: Path
) -> None:
    place = Path(storage().path(path_of(proof.file.sha256)))
    place.chmod(0o600)
    place.write_bytes(b"forged\n")
    with zipfile.ZipFile(BytesIO(b"".join(pack(finalised, [])))) as opened:
        opened.extractall(tmp_path / "pack")
    checked = subprocess.run(
        ["/usr/bin/sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "pack", capture_output=True, check=False
    )
    assert checked.returncode == 1


def test_the_web_process_loads_no_library_that_writes_documents(project: Project) -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.tests.settings'; django.setup();"
        "import config.wsgi, django.urls; django.urls.get_resolver().url_patterns;"
        "print([name for name in ('typst', 'docx', 'openpyxl') if name in sys.modules])"
    )
    folder = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert told.stdout.strip() == "[]", told.stderr
