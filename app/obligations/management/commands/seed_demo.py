"""manage.py seed_demo"""

from __future__ import annotations

from typing import Any

from audit.management.recording import RecordingCommand

from obligations.demo import seed


class Command(RecordingCommand):
    help = "Add the demo register (Wandoo Ridge Lithium, a fictional mine) unless it is here already."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("created" if seed() else "unchanged")
