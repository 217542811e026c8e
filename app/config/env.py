"""Settings from the environment, typed; what is missing or malformed is said in one line that tells what to set."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """Return the variable's text; without a default it is required.

    Raises:
        ImproperlyConfigured: the variable is required and unset or empty.
    """
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set: set it in the environment (see docs/operators.md)")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return the variable as a boolean: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name, str(default)).strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} is {value!r}: write true or false")
    return value in _TRUE


def number(name: str, default: int, *, least: int = 0) -> int:
    """Return the variable as a whole number that is at least `least`."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number of {least} or more")
    return int(value)


def words(name: str) -> list[str]:
    """Return the variable's comma-separated words, of which there must be one."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def path(name: str, default: Path) -> Path:
    """Return the variable as an absolute path."""
    value = Path(os.environ.get(name, "").strip() or default)
    if not value.is_absolute():
        raise ImproperlyConfigured(f"{name} is {str(value)!r}: write an absolute path")
    return value


def secret_key(name: str) -> str:
    """Return a secret of at least 32 characters."""
    value = text(name)
    if len(value) < 32:
        raise ImproperlyConfigured(f"{name} is too short: give at least 32 random characters")
    return value


def secret_keys(name: str) -> list[str]:
    """Return comma-separated secrets of at least 32 characters each; none if the variable is unset."""
    values = [value.strip() for value in os.environ.get(name, "").split(",") if value.strip()]
    if any(len(value) < 32 for value in values):
        raise ImproperlyConfigured(f"{name} holds a key that is too short: give at least 32 random characters each")
    return values


def site(name: str, default: str) -> str:
    """Return the address of the site without a slash at its end, such as `https://app.example.com`."""
    value = os.environ.get(name, "").strip().rstrip("/") or default
    address = urlsplit(value)
    try:
        is_site = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:  # its port is no number
        is_site = False
    if not is_site or address.path or address.query or address.username:
        raise ImproperlyConfigured(f"{name} is not understood: write https://app.example.com")
    return value


def database(name: str, default: Path) -> dict[str, object]:
    """Return Django's settings of the database that an address names; without one it is the SQLite file `default`.

    `sqlite:////absolute/path/to/enssol.sqlite3`, or `postgresql://user:password@host:5432/name`, to which libpq's own
    parameters can be added, such as `?sslmode=verify-full`, or `?host=/run/postgresql` for a Unix socket.
    """
    # Connections are kept; PostgreSQL may end them meanwhile, so each is tried before it is used again.
    kept: dict[str, object] = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    address = urlsplit(os.environ.get(name, "").strip() or f"sqlite://{quote(str(default))}")
    database = unquote(address.path.removeprefix("/"))
    try:
        port = address.port or ""
    except ValueError:
        port = database = ""
    if address.scheme == "sqlite" and not address.netloc and database.lstrip("/"):
        return {"ENGINE": "config.db.sqlite", "NAME": Path("/" + database.lstrip("/")), **kept}
    if address.scheme in {"postgresql", "postgres"} and database:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database,
            "USER": unquote(address.username or ""),
            "PASSWORD": unquote(address.password or ""),
            "HOST": unquote(address.hostname or ""),
            "PORT": port,
            "OPTIONS": {"connect_timeout": "10", **dict(parse_qsl(address.query))},
            **kept,
        }
    raise ImproperlyConfigured(
        f"{name} is not understood: write sqlite:////absolute/path/to/enssol.sqlite3 "
        "or postgresql://user:password@host:5432/name"
    )


def email(name: str) -> dict[str, object]:
    """Return Django's EMAIL_* settings from an address.

    `smtp+tls://user:password@host:587` (STARTTLS), `smtps://…:465`, `smtp://host:25`, `file:///folder`, or `console:`,
    which prints mails and is the default.
    """
    value = os.environ.get(name, "").strip() or "console:"
    address = urlsplit(value)
    if address.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if address.scheme == "file" and address.path:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": address.path}
    if address.scheme not in {"smtp", "smtps", "smtp+tls"} or not address.hostname:
        raise ImproperlyConfigured(f"{name} is not understood: write smtp+tls://user:password@host:587 or console:")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": address.hostname,
        "EMAIL_PORT": address.port or {"smtp": 25, "smtps": 465, "smtp+tls": 587}[address.scheme],
        "EMAIL_HOST_USER": unquote(address.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(address.password or ""),
        "EMAIL_USE_SSL": address.scheme == "smtps",
        "EMAIL_USE_TLS": address.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 10,
    }
