"""One sender, as the timer starts it; it can be told to die, as when the host loses power.

    python -m notifications.tests.sender MOMENT [claimed | handed-over]

`claimed` dies with the second mail in hand before the mail server has it, `handed-over` just after.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import django
import time_machine

django.setup()

from django.core.mail.backends.filebased import EmailBackend  # noqa: E402 - needs the settings
from django.core.management import call_command  # noqa: E402 - needs the settings

POWER_CUT = 9
moment, *death = sys.argv[1:]
handed_over = 0
send = EmailBackend.send_messages


def send_and_die(backend: EmailBackend, letters: Sequence[Any]) -> int:
    global handed_over  # noqa: PLW0603 - the backend is made anew for each run
    handed_over += 1
    if death == ["claimed"] and handed_over == 2:
        os._exit(POWER_CUT)
    number = send(backend, letters)
    if death == ["handed-over"] and handed_over == 2:
        os._exit(POWER_CUT)
    return number or 0


EmailBackend.send_messages = send_and_die  # type: ignore[method-assign,assignment]
print("ready", flush=True)
sys.stdin.readline()
with time_machine.travel(datetime.fromisoformat(moment), tick=True):
    call_command("send_reminders")
