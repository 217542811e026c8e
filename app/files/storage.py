"""Where stored files are: a folder outside the web root, or a bucket."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.module_loading import import_string

CHUNK = 1024 * 1024


class Folder(FileSystemStorage):
    """A folder of files named by their content: written whole or not at all, never to be run, never renamed."""

    def __init__(self) -> None:
        super().__init__(location=settings.DATA_DIR / "evidence")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        content.seek(0)
        with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:
            try:
                for chunk in content.chunks(CHUNK):
                    draft.write(chunk)
                os.fchmod(draft.fileno(), 0o640)
                draft.flush()
                os.fsync(draft.fileno())
                _leave_for_copying(Path(draft.name), path.name)
                Path(draft.name).replace(path)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
        # The new name itself has to survive a power cut too.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name


def _leave_for_copying(draft: Path, name: str) -> None:
    """Link a file where whoever copies files off this host looks; where nobody does there is no such folder.

    The link is there before the file counts as stored, so that none is forgotten, and it takes no room.
    """
    with suppress(FileNotFoundError, FileExistsError):
        (settings.DATA_DIR / "unsent" / name).hardlink_to(draft)


def storage() -> Storage:
    """Return where stored files are kept now."""
    return _bucket(settings.EVIDENCE_URL) if settings.EVIDENCE_URL else Folder()


@lru_cache(maxsize=1)
def _bucket(url: str) -> Storage:
    """Return the bucket and prefix of an address such as `s3://bucket/prefix`."""
    address = urlsplit(url)
    if address.scheme != "s3" or not address.netloc:
        raise ImproperlyConfigured("ENSSOL_EVIDENCE_URL is not understood: write s3://bucket/prefix")
    # Imported only now: boto3 takes memory that a host with a folder does not have to spare.
    bucket: Storage = import_string("storages.backends.s3.S3Storage")(
        bucket_name=address.netloc,
        location=address.path.strip("/"),
        # A name is a hash: what is written again is the same.
        file_overwrite=True,
        default_acl=None,
        querystring_auth=True,
        # More than this waits in a temporary file, not in memory.
        max_memory_size=CHUNK,
        object_parameters={"ContentType": "application/octet-stream"},
    )
    return bucket
