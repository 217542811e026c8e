"""manage.py materialise_occurrences [--on DATE]"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from audit.management.recording import RecordingCommand
from registers.models import Project

from obligations.services.daily import NewDay, project_begin_day


class Command(RecordingCommand):
    help = "Create the occurrences that rules name for the next 24 months, and open those that fall due soon."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="DATE", help="the day, such as 2026-12-31; today at each site"
        )

    def handle(self, *args: Any, on: date | None, **options: Any) -> None:
        projects = Project.objects.select_related("organisation")
        days = [project_begin_day(project, on or project.today) for project in projects]
        total = NewDay(*map(sum, zip(*days, strict=True))) if days else NewDay(0, 0, 0)
        self.stdout.write(f"{total.created} occurrences created, {total.opened} opened.")
        if total.retired:
            self.stdout.write(f"{total.retired} obligations retired: their conditions ended and nothing is left to do.")
