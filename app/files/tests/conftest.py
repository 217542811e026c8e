"""Files of every kind, made here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from accounts.models import Organisation
from django.core.files.uploadedfile import SimpleUploadedFile


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    """Return a file as a form brings it."""
    return SimpleUploadedFile(name, content)


def zipped(*names: str) -> bytes:
    """Return a zip archive with files of these names."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return into.getvalue()


def compound(class_id: bytes = bytes(16)) -> bytes:
    """Return the beginning of a compound file (old Office, Outlook, Windows Installer) whose root has that class."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    header[48:52] = (1).to_bytes(4, "little")
    directory = bytearray(512)
    directory[80:96] = class_id
    return bytes(header) + bytes(512) + bytes(directory)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(name="Karri Wind", slug="karri-wind")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder in which files are kept."""
    return tmp_path / "evidence"
