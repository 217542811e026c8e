from __future__ import annotations

from typing import Any

from config.commands import DataCommand
from django.db import connection

from obligations import search_index


class Command(DataCommand):
    help = "Read the whole register into the search anew, and let the search follow its changes again."

    def handle(self, *args: Any, **options: Any) -> None:
        search_index.create_triggers(connection)
        number = search_index.rebuild(connection)
        self.stdout.write(f"{number} obligations can be searched.")
