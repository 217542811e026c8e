"""Letting days pass, and what was sent on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from io import StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

import time_machine
from django.core import mail
from django.core.management import call_command
from obligations.models import Obligation, Occurrence

PERTH = "Australia/Perth"


class Sent(NamedTuple):
    """A mail that left."""

    to: str
    subject: str


@contextmanager
def clock_at(day: date, hour: int = 7, zone: str = PERTH) -> Iterator[None]:
    """Let it be that hour of the day there."""
    with time_machine.travel(datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone)), tick=False):
        yield


def sent_on(day: date, hour: int = 7, zone: str = PERTH) -> list[Sent]:
    """Run the command at that hour and return what it sent."""
    before = len(mail.outbox)
    with clock_at(day, hour, zone):
        call_command("send_reminders", stdout=StringIO())
    return [Sent(one.to[0], str(one.subject)) for one in mail.outbox[before:]]


def occurrence(mechanism: str, number: str, due: str) -> Occurrence:
    return Occurrence.objects.get(
        obligation__mechanism__short=mechanism, obligation__number=number, due_date=date.fromisoformat(due)
    )


def obligation(mechanism: str, number: str) -> Obligation:
    return Obligation.objects.select_related("project").get(mechanism__short=mechanism, number=number)
