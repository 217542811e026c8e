"""A report with documents, snapshot, evidence and a manifest, as one ZIP file that is never whole in memory."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from files.models import StoredFile
from files.services import open_stored
from files.storage import CHUNK

from reports.statutory.freezing import frozen
from reports.statutory.models import StatutoryReport

logger = logging.getLogger(__name__)
MANIFEST = "SHA256SUMS"


class _Sink:
    """What the archive is written to: a file that cannot go back, emptied after each piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


def pack(report: StatutoryReport, documents: Sequence[Path]) -> Iterator[bytes]:
    """Yield the ZIP file; `sha256sum -c SHA256SUMS` accepts what is in it.

    Of evidence the manifest has the hash under which it was uploaded: a file that was lost or changed since then fails
    the check instead of passing as what the report was based on.

    Args:
        report: finalised.
        documents: made from it.

    Raises:
        TamperedSnapshot: what was finalised was changed.
    """
    content = frozen(report)
    sink, manifest = _Sink(), []
    with zipfile.ZipFile(cast(Any, sink), "w", zipfile.ZIP_STORED) as archive:

        def add(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
            sha256 = hashlib.sha256()
            with archive.open(_entry(name, report), "w", force_zip64=True) as target:
                for chunk in chunks:
                    sha256.update(chunk)
                    target.write(chunk)
                    yield sink.take()
            manifest.append((sha256.hexdigest(), name))

        for path in documents:
            yield from add(path.name, _chunks(path))
        yield from add("snapshot.json", [report.snapshot.encode()])
        stored = StoredFile.objects.in_bulk({entry["file_key"] for entry in content["evidence"]})
        for entry in content["evidence"]:
            name = f"evidence/{entry['number']}-{entry['name']}"
            try:
                with open_stored(stored[entry["file_key"]]) as file:
                    yield from add(name, file.chunks(CHUNK))
                manifest.pop()
            except (OSError, KeyError):
                logger.exception("Evidence %s is lost", entry["sha256"])
            manifest.append((entry["sha256"], name))
        lines = "".join(f"{sha256}  {name}\n" for sha256, name in manifest)
        yield from add(MANIFEST, [lines.encode()])
    yield sink.take()


def _entry(name: str, report: StatutoryReport) -> zipfile.ZipInfo:
    when = report.finalised_at
    stamp = (when.year, when.month, when.day, when.hour, when.minute, when.second) if when else (1980, 1, 1, 0, 0, 0)
    entry = zipfile.ZipInfo(name, stamp)
    entry.external_attr = 0o644 << 16
    return entry


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
