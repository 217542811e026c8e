"""The form of a backup: one tar file that can be opened without Enssol.

    database.sqlite3.gz  or  database.dump (of pg_dump)
    evidence/ab/cd/abcd…     each file under the hash of its content
    manifest.json            what the others are; it comes last, so that a backup that was cut short has none

Written and read in pieces, so that memory does not grow with what is in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Self

FORMAT = 1
PIECE = 1024 * 1024
MANIFEST = "manifest.json"
# What a manifest of 100 000 files takes, and no more: it is read whole.
MANIFEST_BYTES = 64 * 1024 * 1024
MEMBER = re.compile(r"database\.(sqlite3\.gz|dump)|evidence/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")


class BadBackup(Exception):
    """A file is no backup that can be restored here; the message says why, and what to do."""


@dataclass
class Manifest:
    """What a backup holds.

    Args:
        site: the host name that the site is asked by.
        made_at: ISO 8601, with its offset.
        release: what served when it was made.
        engine: `sqlite` or `postgresql`.
        counts: rows by table.
        trail: lines of `verify_audit_trail`: each organisation's last event and its hash.
        files: SHA-256 by name in the archive.
    """

    site: str
    made_at: str
    release: str
    engine: str
    counts: dict[str, int]
    trail: list[str]
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Writes an archive member by member."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  closed on leaving
        self._hashes: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failed: object) -> None:
        # Closed while its file is open: later it would complain beside whatever failed, of a disk that is full too.
        try:
            self._tar.close()
        except OSError:
            if not any(failed):
                raise

    def add(self, name: str, content: IO[bytes], size: int) -> str:
        """Add a file of that many bytes; return its SHA-256."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashing = _Hashing(content)
        self._tar.addfile(member, hashing)
        self._hashes[name] = hashing.hexdigest()
        return self._hashes[name]

    def end(self, manifest: Manifest) -> None:
        """Write the manifest, without which it is no backup."""
        manifest.files = self._hashes
        text = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(text), 0o600
        self._tar.addfile(member, io.BytesIO(text))


def unpack(file: IO[bytes], folder: Path) -> Manifest:
    """Unpack an archive into an empty folder, and prove that it is whole.

    Raises:
        BadBackup: it is damaged, cut short, or something else.
    """
    found: dict[str, str] = {}
    manifest = None
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or manifest is not None:
                    raise BadBackup("it holds what no backup of Enssol holds: take another one")
                if member.name == MANIFEST:
                    manifest = _manifest(content.read(MANIFEST_BYTES))
                elif MEMBER.fullmatch(member.name) and member.name not in found:
                    found[member.name] = _store(content, folder / member.name)
                else:
                    raise BadBackup(f"it holds {member.name!r}, which no backup of Enssol does: take another one")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBackup(f"it cannot be read to its end ({error}): take an older one") from error
    if manifest is None:
        raise BadBackup("it is cut short, or was never finished: take an older one")
    for name in sorted(manifest.files.keys() | found.keys()):
        if manifest.files.get(name) != found.get(name):
            raise BadBackup(f"{name} is not what was backed up: take an older one")
    return manifest


def _manifest(text: bytes) -> Manifest:
    try:
        manifest = Manifest(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise BadBackup("its manifest cannot be read: take an older one") from error
    if manifest.format != FORMAT:
        raise BadBackup(f"it is of form {manifest.format}, which this release does not know: deploy a newer one first")
    return manifest


def _store(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    hashing = _Hashing(content)
    with path.open("wb") as file:
        path.chmod(0o640)
        for piece in iter(lambda: hashing.read(PIECE), b""):
            file.write(piece)
    return hashing.hexdigest()


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        self._hash.update(piece)
        return piece

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
