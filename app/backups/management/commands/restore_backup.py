"""manage.py restore_backup FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError

from backups.archive import BadBackup
from backups.services import age, restore


class Command(DataCommand):
    help = "Put a backup in the place of what is there, which is kept aside. Stop the site first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", default="", metavar="HOST", help="the site that it is from, if another one")

    def handle(self, *args: Any, file: Path, site: str, **options: Any) -> None:
        try:
            with file.open("rb") as content:
                restored = restore(content, site=site)
        except (BadBackup, OSError) as error:
            raise CommandError(f"{file} was not restored: {error}") from error
        self.stdout.write(
            f"Restored as of {restored.manifest.made_at}, {age(restored.manifest):.0f} s ago. "
            f"What was there before: {restored.aside}"
        )
