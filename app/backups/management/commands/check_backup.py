"""manage.py check_backup FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.conf import settings
from django.core.management.base import CommandError

from backups.archive import BadBackup
from backups.services import age, examined


class Command(DataCommand):
    help = "Prove that a backup is whole and can be restored here, or say in one line why not. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", default="", metavar="HOST", help="the site that it is from, if another one")

    def handle(self, *args: Any, file: Path, site: str, **options: Any) -> None:
        try:
            with file.open("rb") as content, examined(content, settings.DATA_DIR, site=site) as (manifest, _):
                rows = sum(manifest.counts.values())
                evidence = sum(name.startswith("evidence/") for name in manifest.files)
                self.stdout.write(
                    f"{file.name} can be restored: of {manifest.site}, release {manifest.release}, made "
                    f"{manifest.made_at}, {age(manifest):.0f} s ago, {rows} rows, {evidence} stored files"
                )
        except (BadBackup, OSError) as error:
            raise CommandError(f"{file} cannot be restored: {error}") from error
