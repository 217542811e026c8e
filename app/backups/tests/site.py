"""A site of its own for tests: its folder, its database, its commands."""

from __future__ import annotations

import os
from pathlib import Path

from config.tests.subprocesses import python

PRELUDE = """
import io, os, signal, sys
import django
django.setup()
from django.core.management import CommandError, call_command
"""


class Site:
    """Runs commands as an operator does, in processes of their own, on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.backups = folder / "data", folder / "backups"
        self.variables = {
            "ENSSOL_DATA_DIR": str(self.data),
            # The server's own database: the tests work in another one.
            "ENSSOL_DATABASE_URL": os.environ.get("ENSSOL_TEST_DATABASE_URL", f"sqlite:///{self.data}/enssol.sqlite3"),
            "ENSSOL_ALLOWED_HOSTS": "app.example.com",
        }
        self.data.mkdir()

    def manage(self, *arguments: str, said: str = "", status: int = 0, **variables: str) -> str:
        """Run a management command; return what it printed.

        Args:
            said: given to it on standard input.
            status: with which it has to end; then what it said of errors is returned if that is not 0.
        """
        return self._run("manage.py", *arguments, said=said, status=status, **variables)

    def script(self, text: str, *arguments: str, status: int = 0, **variables: str) -> str:
        """Run a script within the site; return as `manage` does."""
        return self._run("-c", PRELUDE + text, *arguments, said="", status=status, **variables)

    def back_up(self) -> Path:
        return Path(self.manage("backup", str(self.backups)).strip())

    def _run(self, *arguments: str, said: str, status: int, **variables: str) -> str:
        process = python(*arguments, **(self.variables | variables))
        out, errors = process.communicate(said)
        assert process.returncode == status, errors
        return errors if status else out
