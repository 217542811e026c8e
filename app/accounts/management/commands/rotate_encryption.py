"""manage.py rotate_encryption"""

from __future__ import annotations

from typing import Any

from config.commands import DataCommand

from accounts.services import secrets_renew


class Command(DataCommand):
    help = (
        "Encrypt what the database keeps secret under the newest of ENSSOL_ENCRYPTION_KEYS. Put the new key first and "
        "the old one behind it, run this, then take the old one away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        renewed, kept = secrets_renew()
        self.stdout.write(f"{renewed} secrets encrypted anew, {kept} were under the newest key already.")
