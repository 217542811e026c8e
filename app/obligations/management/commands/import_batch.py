"""manage.py import_batch PK: the process that the import's page starts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError

from obligations.importing import steps, worker
from obligations.models import ImportBatch


class Command(DataCommand):
    help = "Do the next step of an import that was begun in the browser; a step that was killed is taken up again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pk", type=int, metavar="NUMBER", help="the import's number, as in its address")
        parser.add_argument("--lock", type=int, metavar="FD", help="the import's lock, if it is inherited")

    def handle(self, *args: Any, pk: int, lock: int | None, **options: Any) -> None:
        batch = ImportBatch.objects.select_related("project__organisation").filter(pk=pk).first()
        if batch is None:
            raise CommandError(f"there is no import {pk}")
        steps.settle_down()
        worker.run(batch, has_lock=lock is not None)
