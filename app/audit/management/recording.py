"""What a command that changes the register is."""

from __future__ import annotations

from typing import Any

from config.commands import DataCommand

from audit.models import Channel
from audit.origin import changes_from


class RecordingCommand(DataCommand):
    """A command whose changes are recorded as made by a command."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with changes_from(Channel.COMMAND):
            return super().execute(*args, **options)
