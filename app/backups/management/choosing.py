"""Which backup a command means."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, TypeVar

from config.commands import DataCommand
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from backups.archive import BadBackup
from backups.places import newest_first, place
from backups.services import workplace

Result = TypeVar("Result")


class BackupCommand(DataCommand):
    """A command that takes a backup: a file, or the newest of those that are kept, before a moment if one is given."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a backup; else one is taken of those that are kept")
        parser.add_argument("--at", type=moment, metavar="TIME", help="the newest made then or before, in ISO 8601")
        parser.add_argument("--site", default="", metavar="HOST", help="the site that it is from, if another one")

    def with_backup(self, file: Path | None, at: datetime | None, use: Callable[[IO[bytes]], Result]) -> Result:
        """Use the backup that is meant; of those that are kept, one that cannot be restored gives way to an older one.

        Raises:
            CommandError: none can be restored.
        """
        if file:
            return self._use(file, use)
        kept = place()
        with workplace(settings.DATA_DIR / "transfer") as folder:
            for name in newest_first(kept, at):
                fetched = folder / name
                kept.get(name, fetched)
                try:
                    return self._use(fetched, use)
                except CommandError as error:
                    self.stderr.write(str(error))
                fetched.unlink()
        before = f" made until {at.isoformat()}" if at else ""
        raise CommandError(f"no backup{before} can be restored: see what {settings.BACKUP_URL} holds")

    def _use(self, file: Path, use: Callable[[IO[bytes]], Result]) -> Result:
        try:
            with file.open("rb") as content:
                return use(content)
        except (BadBackup, OSError) as error:
            raise CommandError(f"{file.name} cannot be restored: {error}") from error


def moment(text: str) -> datetime:
    """Return a moment as ISO 8601 says it; without an offset it is of the site's time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no moment: write it as 2026-11-20T09:30+08:00") from error
    return found if found.tzinfo else timezone.make_aware(found)
