"""Backups in a bucket: found by their time, and fetched as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from moto import mock_aws

from backups.places import newest_first, place

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


def test_what_is_in_a_bucket_is_found_and_fetched(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    settings.BACKUP_URL = "s3://karri-backups/web/site"
    names = ["enssol-20261121T120000Z.tar", "enssol-20261122T120000Z.tar"]
    with mock_aws():
        bucket = boto3.resource("s3").create_bucket(Bucket="karri-backups")
        bucket.put_object(Key="web/site/notes.txt", Body=b"no backup")
        kept = place()
        for name in names:
            bucket.put_object(Key=f"web/site/{name}", Body=name.encode())
        assert list(newest_first(kept)) == names[::-1]
        assert list(newest_first(kept, datetime(2026, 11, 21, 12, tzinfo=UTC))) == names[:1]
        kept.get(names[0], tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == names[0].encode()


@pytest.mark.parametrize("address", ["s3://bucket", "s3:///prefix", "ftp://host/folder", "file://", "backups"])
def test_a_place_that_is_none_is_said_so(settings: Settings, address: str) -> None:
    settings.BACKUP_URL = address
    with pytest.raises(ImproperlyConfigured, match="write s3://bucket/prefix or file:///folder"):
        place()
