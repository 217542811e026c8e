"""The documents of a finalised report: made once by a process of their own, and kept by what they say."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from reports.statutory.document import Document, Signature, build, volumes
from reports.statutory.freezing import frozen
from reports.statutory.models import StatutoryReport

HERE = Path(__file__).parent
# What decides how documents look, beside what they say.
WRITERS = ("document.py", "report.typ", "typesetting.py", "word.py", "workbook.py", "zipping.py")
LIBRARIES = ("typst", "python-docx", "openpyxl")
# Rows of tables in one PDF: some 110 MB of memory while it is made. Longer reports come in volumes.
VOLUME = 200
SECONDS = 120


class DocumentsFailed(Exception):
    """The documents could not be made; the message is for the person who asked for them."""


def documents(report: StatutoryReport) -> list[Path]:
    """Return the report's documents by name, or nothing while they have yet to be made."""
    folder = _folder(report)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def make(report: StatutoryReport) -> list[Path]:
    """Make the documents of a finalised report, all of them or none.

    Raises:
        TamperedSnapshot: what was finalised was changed.
        DocumentsFailed: the typesetter did not finish.
    """
    folder = _folder(report)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(dir=folder.parent, prefix=".draft-"))
        try:
            write(report, draft)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return documents(report)


def write(report: StatutoryReport, folder: Path) -> list[Path]:
    """Write the documents of a finalised report into a folder; those of the same report are the same byte by byte.

    Raises:
        TamperedSnapshot: what was finalised was changed.
        DocumentsFailed: the typesetter did not finish.
    """
    # Only here: the web process, which shows and streams what was made, never holds the libraries.
    from reports.statutory.word import docx  # noqa: PLC0415
    from reports.statutory.workbook import xlsx  # noqa: PLC0415

    content = frozen(report)
    document = document_of(report)
    made = []
    for place, volume in enumerate(parts := volumes(document, VOLUME), start=1):
        ending = f"-volume-{place:02}-of-{len(parts):02}" if len(parts) > 1 else ""
        made.append(folder / f"{report.file_stem}{ending}.pdf")
        made[-1].write_bytes(_typeset(volume))
    made.append(folder / f"{report.file_stem}.docx")
    made[-1].write_bytes(docx(document))
    made.append(folder / f"{report.file_stem}.xlsx")
    made[-1].write_bytes(xlsx(document, content))
    return made


def document_of(report: StatutoryReport) -> Document:
    """Return what a finalised report says as a document.

    Raises:
        TamperedSnapshot: it was changed.
    """
    zone = ZoneInfo(report.project.timezone)
    finalised = timezone.localtime(report.finalised_at, zone).date()
    signature = None
    if report.signed_at:
        signed = timezone.localtime(report.signed_at, zone)
        signature = Signature(report.signed_name, report.signed_position, f"{signed:%-d %B %Y}")
    return build(
        frozen(report),
        sha256=report.sha256,
        date=finalised.isoformat(),
        standing=_standing(report),
        signature=signature,
    )


def _standing(report: StatutoryReport) -> str:
    """Return the state that stands on the first page; what was superseded stays as it was lodged."""
    if report.state == StatutoryReport.State.WITHDRAWN:
        return "Withdrawn"
    return "Signed" if report.signed_at else "Finalised"


def _typeset(document: Document) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, str(HERE / "typesetting.py")],
            input=json.dumps(document.plain()).encode(),
            capture_output=True,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath, "RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace")[-500:]
        raise DocumentsFailed(f"The PDF could not be typeset: {said or error}") from error
    return done.stdout


def _folder(report: StatutoryReport) -> Path:
    """Return where documents that say and look the same are kept."""
    told = [report.sha256, report.file_stem, _standing(report), report.signed_name, report.signed_position]
    told += [str(report.finalised_at), str(report.signed_at)]
    told += [hashlib.sha256((HERE / name).read_bytes()).hexdigest() for name in WRITERS]
    told += [version(name) for name in LIBRARIES]
    root: Path = settings.DATA_DIR / "reports"
    return root / hashlib.sha256("\0".join(told).encode()).hexdigest()
