"""manage.py send_reminders [--on DATE [--until DATE] [--folder FOLDER]]"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError
from django.utils import timezone

from notifications.rehearsal import rehearse
from notifications.sending import MailServerUnreachable, fill, send_waiting


class Command(DataCommand):
    help = (
        "Send the reminders, escalations and digests that are due now. With --on nothing is sent or written: the mails "
        "that would go out on that day are listed, as if nothing happened until then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="DATE", help="rehearse that day, such as 2026-12-31"
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="DATE", help="rehearse each day from --on to this one"
        )
        parser.add_argument("--folder", type=Path, metavar="FOLDER", help="write the rehearsed mails there, as .eml")

    def handle(self, *args: Any, on: date | None, until: date | None, folder: Path | None, **options: Any) -> None:
        if on is None:
            if until or folder:
                raise CommandError("--until and --folder are for rehearsals: give --on as well")
            self._send()
        elif until and until < on:
            raise CommandError("--until is before --on")
        else:
            self._rehearse(on, until or on, folder)

    def _send(self) -> None:
        new, failed = fill(timezone.now())
        try:
            done = send_waiting()
        except MailServerUnreachable as error:
            raise CommandError(f"The mail server cannot be used; everything waits for the next run. {error}") from error
        self.stdout.write(
            f"{new} new; {done.sent} sent, {done.put_off} to be tried again, {done.dropped} no longer needed, "
            f"{done.dead} given up."
        )
        if failed:
            raise CommandError(f"What is due could not be read of {', '.join(project.code for project in failed)}")

    def _rehearse(self, first: date, last: date, folder: Path | None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        number = 0
        for number, (day, notice, letter) in enumerate(rehearse(first, last), start=1):
            self.stdout.write(f"{day}  {notice.person.email}  {notice.kind}  {letter.subject}")
            if folder:
                name = f"{day}-{number:04}-{notice.kind}.eml"
                (folder / name).write_bytes(letter.message().as_bytes())
        self.stdout.write(f"{number} mails. Nothing was sent.")
