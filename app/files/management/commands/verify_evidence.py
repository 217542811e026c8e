"""Hash every stored file again, and name each that is lost or altered."""

from __future__ import annotations

from typing import Any

from audit.management.recording import RecordingCommand
from audit.services import Entry, record
from django.core.management.base import CommandError
from django.db import transaction

from files.models import StoredFile
from files.services import is_intact, note, path_of


class Command(RecordingCommand):
    """Verifies one file after the other, in pieces, so that memory does not grow with them; a timer runs it nightly."""

    help = "Hash all stored files again. Names those that are lost or altered, and then fails."

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify all files.

        Raises:
            CommandError: some are not what was uploaded.
        """
        checked = damaged = 0
        files = StoredFile.objects.select_related("organisation").order_by("pk")
        for file in files.iterator(chunk_size=200):
            checked += 1
            was_intact, intact = file.intact, is_intact(file)
            with transaction.atomic():
                note(file, intact=intact)
                if intact != was_intact:
                    entry = Entry("evidence.verify", file, changes={"intact": (was_intact, intact)})
                    record(file.organisation, None, entry)
            if not file.intact:
                damaged += 1
                names = ", ".join(sorted(set(file.evidence.values_list("name", flat=True)))) or "no evidence"
                self.stderr.write(f"lost or altered: {path_of(file.sha256)} of {file.organisation} ({names})")
        if damaged:
            raise CommandError(f"{damaged} of {checked} files are not what was uploaded: restore them from a backup.")
        self.stdout.write(f"{checked} files are what was uploaded")
