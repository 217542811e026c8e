"""A file is kept once, under its hash, whole or not at all, and is proved unchanged later."""

from __future__ import annotations

import hashlib
import stat
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accounts.models import Organisation
from django.core.exceptions import ValidationError
from django.core.files.base import File

from files import storage
from files.models import StoredFile
from files.services import clean_name, open_stored, store, verify
from files.tests.conftest import upload

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

PDF = b"%PDF-1.7\nthe report"
SHA256 = hashlib.sha256(PDF).hexdigest()


def test_a_file_is_kept_under_its_hash_and_nobody_can_run_it(organisation: Organisation, kept: Path) -> None:
    file = store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)
    assert (file.sha256, file.size, file.media_type) == (SHA256, len(PDF), "application/pdf")
    path = kept / SHA256[:2] / SHA256[2:4] / SHA256
    assert path.read_bytes() == PDF
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with open_stored(file) as content:
        assert content.read() == PDF


def test_the_same_bytes_are_kept_once_for_an_organisation(organisation: Organisation, kept: Path) -> None:
    first = store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)
    again = store(organisation=organisation, upload=upload("copy.pdf", PDF), actor=None)
    other = Organisation.objects.create(name="Jarrah", slug="jarrah")
    elsewhere = store(organisation=other, upload=upload("report.pdf", PDF), actor=None)
    assert first == again != elsewhere
    assert [path.name for path in kept.rglob("*") if path.is_file()] == [SHA256]


def test_a_file_above_the_limit_is_refused_naming_it(organisation: Organisation, settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    large = PDF + bytes(1024 * 1024)
    with pytest.raises(ValidationError, match=r"has 1\.0 MB: a file may have up to 1 MB"):
        store(organisation=organisation, upload=upload("large.pdf", large), actor=None)
    assert store(organisation=organisation, upload=upload("large.pdf", large), actor=None, limited=False)


def test_a_disk_that_fails_leaves_nothing_behind(
    organisation: Organisation, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("files.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)
    assert not [path for path in kept.rglob("*") if path.is_file()]
    assert not StoredFile.objects.exists()


def test_a_file_that_was_altered_or_lost_is_found_and_mended_by_uploading_it_again(
    organisation: Organisation, kept: Path
) -> None:
    file = store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)
    assert verify(file)
    assert file.checked_at is not None
    path = kept / SHA256[:2] / SHA256[2:4] / SHA256
    path.write_bytes(PDF.replace(b"report", b"rep0rt"))
    assert not verify(file)
    assert not StoredFile.objects.get().intact
    assert store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None).intact
    path.unlink()
    assert not verify(file)
    store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)
    assert path.read_bytes() == PDF
    assert StoredFile.objects.get().intact


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("report\x00\r\n.pdf", "report.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("Prüfbericht, März.pdf", "Prüfbericht, März.pdf"),
        ("تقرير.pdf", "تقرير.pdf"),
        ("..", "file"),
        ("", "file"),
        (f"{'a' * 400}.pdf", f"{'a' * 251}.pdf"),
        (f"a.{'b' * 400}", f"a.{'b' * 19}"),
    ],
)
def test_names_are_kept_without_folders_and_without_what_is_not_seen(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_large_file_is_read_in_pieces(organisation: Organisation, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"day,PM10\n" * 2_000_000)
    tracemalloc.start()
    with large.open("rb") as content:
        file = store(organisation=organisation, upload=File(content, name="large.csv"), actor=None)
    assert verify(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * storage.CHUNK
