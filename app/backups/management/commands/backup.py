"""manage.py backup FOLDER"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError

from backups.archive import BadBackup
from backups.services import back_up


class Command(DataCommand):
    help = "Back the database and the evidence up into one file, proved to be restorable, while the site works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the file is written, beside it its SHA-256")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            self.stdout.write(str(back_up(folder)))
        except (BadBackup, OSError) as error:
            raise CommandError(f"no backup was made: {error}") from error
