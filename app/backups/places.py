"""Where backups are kept: a bucket, or a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NAME = re.compile(r"enssol-(\d{8}T\d{6}Z)\.tar")


class Place(Protocol):
    """Keeps backups by their names, in which the time stands."""

    def names(self) -> list[str]:
        """Return the names of what is kept."""

    def get(self, name: str, target: Path) -> None:
        """Fetch a backup."""


class FolderPlace:
    """A folder, such as one that is mounted from elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return [path.name for path in self.folder.glob("*.tar")]

    def get(self, name: str, target: Path) -> None:
        shutil.copyfile(self.folder / name, target)


class BucketPlace:
    """A prefix of a bucket, which encrypts, keeps versions and locks them by its own rules."""

    def __init__(self, bucket: str, prefix: str) -> None:
        # Only now: it takes memory that a web process does not have to spare.
        import boto3  # noqa: PLC0415  as said above

        self.bucket, self.prefix = bucket, prefix
        self.client: Any = boto3.client("s3")

    def names(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        return [row["Key"].removeprefix(f"{self.prefix}/") for page in pages for row in page.get("Contents", [])]

    def get(self, name: str, target: Path) -> None:
        self.client.download_file(self.bucket, f"{self.prefix}/{name}", str(target))


def place() -> Place:
    """Return where this site keeps its backups, as ENSSOL_BACKUP_URL says."""
    address = urlsplit(settings.BACKUP_URL)
    if address.scheme == "s3" and address.netloc and address.path.strip("/"):
        return BucketPlace(address.netloc, address.path.strip("/"))
    if address.scheme == "file" and not address.netloc and address.path.strip("/"):
        return FolderPlace(Path(address.path))
    raise ImproperlyConfigured("ENSSOL_BACKUP_URL is not understood: write s3://bucket/prefix or file:///folder")


def made_at(name: str) -> datetime | None:
    """Return when a backup was made, as its name says; None of what is no backup."""
    match = NAME.fullmatch(name)
    return datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if match else None


def newest_first(kept: Place, until: datetime | None = None) -> Iterator[str]:
    """Yield the names of backups, made at a moment or before it, the newest first."""
    times = {name: at for name in kept.names() if (at := made_at(name))}
    for name, at in sorted(times.items(), key=lambda item: item[1], reverse=True):
        if until is None or at <= until:
            yield name
