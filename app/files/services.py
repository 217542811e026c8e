"""Storing files by their content, and proving later that they are still the same."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import PurePosixPath

from accounts.models import Organisation, User
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils import timezone

from files.kinds import recognise
from files.models import StoredFile
from files.storage import CHUNK, storage

NAME_LENGTH = 255
# Unicode's categories of what is not seen: controls, directions, separators of lines, and what is no character.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def store(*, organisation: Organisation, upload: File[bytes], actor: User | None, limited: bool = True) -> StoredFile:
    """Keep an uploaded file, once: the same bytes again give the same row.

    The bytes are there, whole and on the disk, before the row is; what comes after may fail and lose nothing.

    Args:
        organisation: whose file it is.
        upload: the file under the name that it was uploaded with.
        actor: who uploads it.
        limited: whether uploads' size limit holds; a command that an operator runs may take more.

    Raises:
        ValidationError: it is too large, empty, of a kind that is not taken, or not what its name says.
    """
    name = clean_name(upload.name or "")
    if limited and upload.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise ValidationError(
            f"{name} has {upload.size / 1024 / 1024:.1f} MB: a file may have up to {settings.MAX_UPLOAD_MB} MB. "
            "Make it smaller, or split it."
        )
    kind = recognise(upload, name)
    sha256 = digest(upload)
    place, kept = storage(), StoredFile.objects.filter(organisation=organisation, sha256=sha256).first()
    # What was lost or damaged is mended by whoever still has it.
    if kept is None or not kept.intact or not place.exists(path_of(sha256)):
        place.save(path_of(sha256), upload)
    if kept is None:
        kept, _ = StoredFile.objects.get_or_create(
            organisation=organisation,
            sha256=sha256,
            defaults={"size": upload.size, "media_type": kind.media_type, "stored_by": actor},
        )
    if not kept.intact:
        verify(kept)
    return kept


def open_stored(file: StoredFile) -> File[bytes]:
    """Open a stored file for reading.

    Raises:
        OSError: it is not there any more.
    """
    return storage().open(path_of(file.sha256), "rb")


def verify(file: StoredFile) -> bool:
    """Hash a stored file again, and note when that was and whether it is still what was stored."""
    return note(file, intact=is_intact(file))


def is_intact(file: StoredFile) -> bool:
    """Return whether the bytes are there and still have their hash; it takes as long as reading them does."""
    try:
        with open_stored(file) as content:
            return digest(content) == file.sha256
    except OSError:
        return False


def note(file: StoredFile, *, intact: bool) -> bool:
    """Keep what hashing a file again has found, and return it."""
    file.intact, file.checked_at = intact, timezone.now()
    file.save(update_fields=["intact", "checked_at"])
    return intact


def digest(content: File[bytes]) -> str:
    """Return the SHA-256 of a file of any size, in hexadecimal digits."""
    content.seek(0)
    sha256 = hashlib.sha256()
    for chunk in content.chunks(CHUNK):
        sha256.update(chunk)
    return sha256.hexdigest()


def path_of(sha256: str) -> str:
    """Return the place of a file in the store; folders of two digits stay short."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def clean_name(name: str) -> str:
    """Return a file's name as it is kept: no folders, nothing invisible, nothing that turns the direction of text."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    name = "".join(char for char in name if unicodedata.category(char) not in _UNSEEN).strip(" .") or "file"
    path = PurePosixPath(name)
    ending = path.suffix[:20]
    return name if len(name) <= NAME_LENGTH else path.stem[: NAME_LENGTH - len(ending)] + ending
