"""manage.py materialise_occurrences [--on DATE]"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from audit.models import Channel
from audit.origin import changes_from
from django.core.management.base import BaseCommand
from registers.models import Project

from obligations.models import Obligation
from obligations.services.adoption import BATCH, adopt
from obligations.services.amendments import retire_ended
from obligations.services.materialise import materialise


class Command(BaseCommand):
    help = "Create the occurrences that rules name for the next 24 months, and open those that fall due soon."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="DATE", help="the day, such as 2026-12-31; today at each site"
        )

    def handle(self, *args: Any, on: date | None, **options: Any) -> None:
        with changes_from(Channel.COMMAND):
            adopted = self._adopt()
            created = retired = 0
            for project in Project.objects.select_related("organisation"):
                today = on or project.today
                created += materialise(Obligation.objects.filter(project=project), today)
                retired += retire_ended(project, today)
        if adopted:
            self.stdout.write(f"{adopted} occurrences of obligations that had no rule yet.")
        self.stdout.write(f"{created} occurrences created.")
        if retired:
            self.stdout.write(f"{retired} obligations retired: their conditions have ended and nothing is left to do.")

    def _adopt(self) -> int:
        """Take over registers from before there were occurrences."""
        created = 0
        without = Obligation.objects.filter(rule=None).select_related("project", "mechanism")
        while batch := list(without[:BATCH]):
            created += adopt(batch)
        return created
