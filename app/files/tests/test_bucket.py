"""Files in a bucket instead of a folder: the same promises, and nothing of it on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from accounts.models import Organisation
from django.core.exceptions import ImproperlyConfigured
from moto import mock_aws

from files.http import file_response
from files.models import StoredFile
from files.services import open_stored, store, verify
from files.storage import _bucket, storage
from files.tests.conftest import upload

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

PDF = b"%PDF-1.7\nthe report"
SHA256 = hashlib.sha256(PDF).hexdigest()
KEY = f"enssol/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket that is configured; the address is new to the process, so that no earlier connection is used."""
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        bucket = boto3.resource("s3").create_bucket(Bucket="karri-evidence")
        settings.EVIDENCE_URL = "s3://karri-evidence/enssol"
        _bucket.cache_clear()
        yield bucket
    _bucket.cache_clear()


@pytest.fixture
def file(bucket: Any, organisation: Organisation) -> StoredFile:
    return store(organisation=organisation, upload=upload("report.pdf", PDF), actor=None)


def test_a_file_is_in_the_bucket_under_its_hash_and_not_on_the_disk(bucket: Any, file: StoredFile, kept: Path) -> None:
    assert [item.key for item in bucket.objects.all()] == [KEY]
    assert not kept.exists()
    with open_stored(file) as content:
        assert content.read() == PDF
    response = file_response(file, "report.pdf")
    assert response.getvalue() == PDF
    response.close()


def test_the_same_bytes_are_one_object(bucket: Any, file: StoredFile) -> None:
    assert store(organisation=file.organisation, upload=upload("copy.pdf", PDF), actor=None) == file
    assert len(list(bucket.objects.all())) == 1


def test_what_was_altered_or_lost_is_found_and_mended(bucket: Any, file: StoredFile) -> None:
    assert verify(file)
    bucket.put_object(Key=KEY, Body=b"something else")
    assert not verify(file)
    bucket.Object(KEY).delete()
    assert not verify(file)
    assert store(organisation=file.organisation, upload=upload("report.pdf", PDF), actor=None).intact
    assert bucket.Object(KEY).get()["Body"].read() == PDF


@pytest.mark.parametrize("url", ["https://bucket/prefix", "s3:bucket", "bucket"])
def test_an_address_that_is_none_is_refused_with_what_to_write(settings: Settings, url: str) -> None:
    settings.EVIDENCE_URL = url
    with pytest.raises(ImproperlyConfigured, match="write s3://bucket/prefix"):
        storage()
