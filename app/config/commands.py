"""What our management commands are."""

from __future__ import annotations

from django.core.management.base import BaseCommand


class DataCommand(BaseCommand):
    """A command that works on the database and answers no page.

    Django's checks load every page, the API among them: 50 MB and a second of a small host's core each time a timer
    fires. A release has been checked before it serves (`check --deploy`, `migrate`).
    """

    requires_system_checks: list[str] = []
