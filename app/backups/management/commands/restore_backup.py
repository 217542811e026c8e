"""manage.py restore_backup [FILE]"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from backups.management.choosing import BackupCommand
from backups.services import age, restore


class Command(BackupCommand):
    help = "Put a backup in the place of what is there, which is kept aside. Stop the site first."

    def handle(self, *args: Any, file: Path | None, at: datetime | None, site: str, **options: Any) -> None:
        restored = self.with_backup(file, at, lambda content: restore(content, site=site))
        self.stdout.write(
            f"Restored as of {restored.manifest.made_at}, {age(restored.manifest):.0f} s ago. "
            f"What was there before: {restored.aside}"
        )
