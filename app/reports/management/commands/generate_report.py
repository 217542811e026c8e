"""manage.py generate_report NUMBER [--out FOLDER] | --queue"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError

from reports.statutory import worker
from reports.statutory.freezing import TamperedSnapshot
from reports.statutory.making import DocumentsFailed, write
from reports.statutory.models import StatutoryReport

KIND = 10


class Command(DataCommand):
    help = "Write a finalised report as PDF, DOCX and XLSX; or make what people have asked for in the browser."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", type=int, nargs="?", metavar="NUMBER", help="the report's, as in its address")
        parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="where its files are written")
        parser.add_argument("--queue", action="store_true", help="make the documents that wait, as the site does")
        parser.add_argument("--lock", type=int, metavar="FD", help="the queue's lock, if it is inherited")

    def handle(self, *args: Any, report: int | None, out: Path, queue: bool, lock: int | None, **options: Any) -> None:
        if queue:
            # Pages come first.
            os.nice(KIND)
            self.stdout.write(f"Made the documents of {worker.run(has_lock=lock is not None)} reports.")
            return
        if report is None:
            raise CommandError("say which report, by the number in its address, or --queue")
        found = StatutoryReport.objects.select_related("project", "mechanism").filter(pk=report).first()
        if found is None:
            raise CommandError(f"there is no report {report}")
        if found.is_draft:
            raise CommandError(f"{found} is a draft: finalise it first")
        try:
            out.mkdir(parents=True, exist_ok=True)
            for path in write(found, out):
                self.stdout.write(str(path))
        except (TamperedSnapshot, DocumentsFailed) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}: name a folder that can be written") from error
