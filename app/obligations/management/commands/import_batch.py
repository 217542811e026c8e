"""manage.py import_batch PK: the process that the import's page starts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from obligations.importing import worker
from obligations.models import ImportBatch


class Command(BaseCommand):
    help = "Do the next step of an import that was begun in the browser; a step that was killed is taken up again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pk", type=int, metavar="NUMBER", help="the import's number, as in its address")

    def handle(self, *args: Any, pk: int, **options: Any) -> None:
        worker.run(ImportBatch.objects.select_related("project__organisation").get(pk=pk))
