"""The audit trail as CSV: what an auditor keeps, and can compute the hashes of again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from registers.importing.literal import mark

from audit.models import AuditEvent
from audit.querysets import AuditEventQuerySet

HEADER = (
    "sequence",
    "at",
    "actor",
    "channel",
    "address",
    "action",
    "subject",
    "subject_label",
    "changes",
    "reason",
    "previous_hash",
    "hash",
)
CHUNK = 2000


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(events: AuditEventQuerySet) -> Iterator[str]:
    """Yield the lines of a CSV file in which no cell runs as a formula."""
    writer = csv.writer(_Line())
    # Spreadsheets know by the mark that it is UTF-8.
    yield "\ufeff" + writer.writerow(HEADER)
    for event in events.iterator(chunk_size=CHUNK):
        yield writer.writerow(mark(str(cell), _unchanged) for cell in cells(event))


def _unchanged(text: str) -> bool:
    """Nobody reads this file back in."""
    return False


def cells(event: AuditEvent) -> Iterable[Any]:
    """Return what an export tells of an event, in the order of HEADER."""
    return (
        event.sequence,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor_name,
        event.channel,
        event.address,
        event.action,
        event.subject,
        event.subject_label,
        json.dumps(event.changes, ensure_ascii=False),
        event.reason,
        event.previous_hash,
        event.hash,
    )
