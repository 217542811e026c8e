"""manage.py backup FOLDER"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError

from backups.archive import BadBackup
from backups.management.choosing import moment
from backups.services import back_up


class Command(DataCommand):
    help = "Back the database and the evidence up into one file, proved to be restorable, while the site works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the file is written, beside it its SHA-256")
        parser.add_argument("--as-of", type=moment, metavar="TIME", help="how old the data is, if it is older than now")

    def handle(self, *args: Any, folder: Path, as_of: datetime | None, **options: Any) -> None:
        try:
            self.stdout.write(str(back_up(folder, as_of=as_of)))
        except (BadBackup, OSError) as error:
            raise CommandError(f"no backup was made: {error}") from error
