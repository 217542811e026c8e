"""manage.py check_backup [FILE]"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from backups.management.choosing import BackupCommand
from backups.services import age, examined


class Command(BackupCommand):
    help = "Prove that a backup is whole and can be restored here, or say in one line why not. Changes nothing."

    def handle(self, *args: Any, file: Path | None, at: datetime | None, site: str, **options: Any) -> None:
        def describe(content: IO[bytes]) -> str:
            with examined(content, settings.DATA_DIR, site=site) as (manifest, _):
                rows = sum(manifest.counts.values())
                evidence = sum(name.startswith("evidence/") for name in manifest.files)
                return (
                    f"{Path(content.name).name} can be restored: of {manifest.site}, release {manifest.release}, made "
                    f"{manifest.made_at}, {age(manifest):.0f} s ago, {rows} rows, {evidence} stored files"
                )

        self.stdout.write(self.with_backup(file, at, describe))
