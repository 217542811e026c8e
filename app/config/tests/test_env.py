from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.tests.subprocesses import python


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("ENSSOL_SECRET_KEY", "", "ENSSOL_SECRET_KEY is not set"),
        ("ENSSOL_SECRET_KEY", "short", "at least 32 random characters"),
        ("ENSSOL_ALLOWED_HOSTS", "", "ENSSOL_ALLOWED_HOSTS is not set"),
        ("ENSSOL_DEBUG", "maybe", "write true or false"),
        ("ENSSOL_TRUSTED_PROXIES", "-1", "write a whole number"),
        ("ENSSOL_DATA_DIR", "relative/path", "write an absolute path"),
        ("ENSSOL_DATABASE_URL", "mysql://host/name", "write sqlite:////"),
        ("ENSSOL_DATABASE_URL", "sqlite://relative/path", "write sqlite:////"),
        ("ENSSOL_DATABASE_URL", "postgresql://host", "or postgresql://user"),
        ("ENSSOL_DATABASE_URL", "postgresql://host:port/name", "or postgresql://user"),
        ("ENSSOL_EMAIL_URL", "carrier-pigeon://roof", "write smtp+tls://"),
        ("ENSSOL_SITE_URL", "app.example.com", "write https://app.example.com"),
        ("ENSSOL_SITE_URL", "https://app.example.com:port", "write https://app.example.com"),
        ("ENSSOL_SITE_URL", "https://app.example.com/enssol/", "write https://app.example.com"),
    ],
)
def test_a_missing_or_malformed_setting_stops_the_start_with_one_line(name: str, value: str, remedy: str) -> None:
    process = python("manage.py", "check", **{name: value})
    _, errors = process.communicate()
    assert process.returncode == 1
    assert remedy in errors
    assert len(errors.splitlines()) == 1


def test_an_email_address_of_a_server_becomes_djangos_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSSOL_EMAIL_URL", "smtp+tls://sender:p%40ss@mail.example.com")
    settings = env.email("ENSSOL_EMAIL_URL")
    assert settings["EMAIL_HOST"] == "mail.example.com"
    assert settings["EMAIL_PORT"] == 587
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert settings["EMAIL_USE_TLS"] is True


def test_a_database_address_names_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSSOL_DATABASE_URL", "sqlite:////var/lib/enssol/enssol%20two.sqlite3")
    assert env.database("ENSSOL_DATABASE_URL", Path("/other"))["NAME"] == Path("/var/lib/enssol/enssol two.sqlite3")
    monkeypatch.delenv("ENSSOL_DATABASE_URL")
    assert env.database("ENSSOL_DATABASE_URL", Path("/with 50%/other"))["NAME"] == Path("/with 50%/other")


def test_or_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSSOL_DATABASE_URL", "postgresql://enssol:p%40ss@db.example.com:5433/site?sslmode=verify-full")
    settings = env.database("ENSSOL_DATABASE_URL", Path("/other"))
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert [settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "site",
        "enssol",
        "p@ss",
        "db.example.com",
        5433,
    ]
    assert settings["OPTIONS"] == {"connect_timeout": "10", "sslmode": "verify-full"}
    monkeypatch.setenv("ENSSOL_DATABASE_URL", "postgresql:///site?host=/run/postgresql")
    settings = env.database("ENSSOL_DATABASE_URL", Path("/other"))
    assert (settings["HOST"], settings["OPTIONS"]) == ("", {"connect_timeout": "10", "host": "/run/postgresql"})


def test_a_path_must_be_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSSOL_DATA_DIR", "here")
    with pytest.raises(ImproperlyConfigured, match="absolute"):
        env.path("ENSSOL_DATA_DIR", Path("/"))
