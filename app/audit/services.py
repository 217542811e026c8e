"""Adding to the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

from accounts.models import Organisation, User
from config.db.inserting import insert_many
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.utils import timezone

from audit.models import AuditChain, AuditEvent
from audit.origin import current_origin

# What is sealed, in this order. `at` is sealed as text, so that no database's rounding breaks the seal.
SEALED = (
    "sequence",
    "at",
    "actor_id",
    "actor_name",
    "channel",
    "address",
    "action",
    "project_id",
    "subject",
    "subject_label",
    "topic",
    "changes",
    "reason",
    "previous_hash",
)


@dataclass(frozen=True)
class Entry:
    """What was done, before it has its place in the chain.

    Args:
        action: codename such as `occurrence.close`.
        subject: the row that it was done to.
        project_id: key of the project, if it happened in one.
        topic: the row whose page shows it; the subject's own page if None.
        changes: field name -> (before, after); dates, numbers, text and lists only.
        reason: why, in the actor's words.
    """

    action: str
    subject: models.Model
    project_id: int | None = None
    topic: models.Model | None = None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str = ""


def name_of(row: models.Model) -> str:
    """Return the name by which events know a row, such as `occurrence:17`."""
    return f"{row._meta.model_name}:{row.pk}"


def sealed(event: AuditEvent) -> str:
    """Return the hash that an event should have: SHA-256 of all it says, in canonical JSON."""
    said = {name: getattr(event, name) for name in SEALED} | {"organisation_id": event.organisation_id}
    said["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def changing(organisation: Organisation) -> Iterator[None]:
    """Make a transaction of what is done within, in which it is the organisation's only writer.

    Each change ends in the one chain of its organisation. Who waited there with rows in hand that another needs, who
    has recorded already, would wait for ever; so they queue before they touch a row. SQLite queues all writers itself.
    """
    with transaction.atomic():
        if connection.features.has_select_for_update:
            _end_of_chain(organisation)
        yield


def record(organisation: Organisation, actor: User | None, entry: Entry) -> AuditEvent:
    """Append one event; call it inside the transaction of the change that it records."""
    return record_many(organisation, actor, [entry])[0]


def record_many(organisation: Organisation, actor: User | None, entries: Iterable[Entry]) -> list[AuditEvent]:
    """Append events in order, all within the caller's transaction or one of their own.

    From the first event on, no other transaction of the organisation records anything until this one ends.
    """
    origin, now = current_origin(), timezone.now()
    # To the millisecond, which is what JSON keeps: the seal survives a move by dumpdata and loaddata.
    now -= timedelta(microseconds=now.microsecond % 1000)
    with transaction.atomic():
        chain = _end_of_chain(organisation)
        events = []
        for entry in entries:
            event = AuditEvent(
                organisation_id=organisation.pk,
                sequence=chain.sequence + 1,
                at=now,
                actor_id=actor.pk if actor else None,
                actor_name=str(actor) if actor else "Enssol",
                channel=origin.channel,
                address=origin.address[:45],
                action=entry.action,
                project_id=entry.project_id,
                subject=name_of(entry.subject),
                subject_label=str(entry.subject)[:255],
                topic=name_of(entry.topic or entry.subject),
                # As it comes back from any database, so that the seal is the same then: PostgreSQL writes 1e3 as 1000.
                changes=json.loads(json.dumps(entry.changes, cls=DjangoJSONEncoder), parse_float=str),
                reason=entry.reason,
                previous_hash=chain.hash,
            )
            event.hash = sealed(event)
            chain.sequence, chain.hash = event.sequence, event.hash
            events.append(event)
        insert_many(events, keys=True)
        chain.save(update_fields=["sequence", "hash"])
    return events


def _end_of_chain(organisation: Organisation) -> AuditChain:
    """Return the chain's end with its row locked, which it stays until the transaction's end."""
    ends = AuditChain.objects.select_for_update()
    end = ends.filter(organisation=organisation).first()
    if end is None:
        AuditChain.objects.get_or_create(organisation=organisation)
        end = ends.get(organisation=organisation)
    return end


def differences(before: models.Model, after: models.Model, names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Return the fields whose values differ, as an entry's `changes`; rows that are named read as people read them."""
    return {
        name: (_plain(getattr(before, name)), _plain(getattr(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, models.Model) else value
