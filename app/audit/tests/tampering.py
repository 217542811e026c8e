"""What somebody does who owns the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from audit import triggers


@contextmanager
def tampering() -> Iterator[None]:
    """Let events be changed within."""
    # PostgreSQL alters no table while keys wait to be checked.
    connection.check_constraints()
    with triggers.lifted(connection):
        yield
        connection.check_constraints()
