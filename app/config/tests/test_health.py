from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


def test_alive_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_when_database_migrations_and_storage_are(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="obligations").delete()
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"migrations\n")


@pytest.mark.django_db
def test_not_ready_without_a_place_to_write(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "gone"
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"storage\n")


@pytest.mark.django_db
def test_health_is_answered_without_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/accounts/login/").status_code == 301
