"""manage.py copy_database FOLDER [--remove]"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError
from django.db import DatabaseError

from backups.archive import BadBackup
from backups.copies import copy, remove


class Command(DataCommand):
    help = (
        "Copy the database while the site works, and say the copy's address: for trying a release's migrations on it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="an empty folder with room for a copy")
        parser.add_argument("--remove", action="store_true", help="remove the copy that was made with this folder")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            if options["remove"]:
                remove(folder)
            else:
                self.stdout.write(copy(folder))
        except (BadBackup, DatabaseError, OSError) as error:
            raise CommandError(f"the database cannot be copied: {error}") from error
