"""manage.py check_schema"""

from __future__ import annotations

from typing import Any

from config.commands import DataCommand
from config.db.tables import misfits
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction

from obligations.demo import seed


class Command(DataCommand):
    help = (
        "See that this release can work with the tables of a database that another release has migrated. "
        "For a copy of a database: what is written is taken back, stored files are not."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if faults := misfits():
            raise CommandError("; ".join(faults))
        try:
            with transaction.atomic():
                # Writes to nearly every table, as people do, unless the demo register is here already.
                seed()
                transaction.set_rollback(True)
        except DatabaseError as error:
            raise CommandError(f"a row cannot be written: {error}") from error
        self.stdout.write("It can work with these tables.")
