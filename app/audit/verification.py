"""Proving that the record is whole: each event says what it said, stands in its place, and none is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Organisation
from django.db.models import Subquery

from audit.models import AuditChain, AuditEvent
from audit.services import sealed

CHUNK = 2000


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Args:
        sequence: the last event that was found good; 0 if there is none.
        hash: its hash. Kept somewhere else, it proves later that nothing up to here was rewritten.
        fault: what is wrong with the event after it; empty if the chain is whole.
    """

    sequence: int
    hash: str
    fault: str = ""


def verify(organisation: Organisation, noted: Mapping[int, str] | None = None) -> Verdict:
    """Follow an organisation's chain from its first event to its end; stop at the first broken link.

    It reads in one stream, so memory stays flat, and stops nobody from adding events meanwhile.

    Args:
        organisation: whose chain it is.
        noted: hashes by sequence number that were kept elsewhere. Who can write to the database can seal a forged chain
            anew from end to end; only these tell.
    """
    noted = noted or {}
    end = AuditChain.objects.filter(organisation=organisation).first() or AuditChain(organisation=organisation)
    events = AuditEvent.objects.filter(organisation=organisation)
    good = Verdict(0, "")
    for event in events.filter(sequence__lte=end.sequence).order_by("sequence").iterator(chunk_size=CHUNK):
        fault = _fault(event, good, noted)
        if fault:
            return Verdict(good.sequence, good.hash, fault)
        good = Verdict(event.sequence, event.hash)
    return Verdict(good.sequence, good.hash, _fault_of_end(end, good, noted))


def _fault(event: AuditEvent, before: Verdict, noted: Mapping[int, str]) -> str:
    """Return what is wrong with the event that was found after a good one."""
    place = before.sequence + 1
    if event.sequence > place:
        return f"event {place} is missing: after event {before.sequence} comes event {event.sequence}"
    if event.sequence < place:
        return f"event {event.sequence} is out of place: numbers begin with 1"
    if sealed(event) != event.hash:
        return f"event {place} was altered: what it says does not fit its hash"
    if event.previous_hash != before.hash:
        return f"event {place} does not follow event {before.sequence}: one of the two was replaced"
    if noted.get(place, event.hash) != event.hash:
        return f"event {place} is not the one that was noted: up to here the trail was written anew"
    return ""


def _fault_of_end(end: AuditChain, last: Verdict, noted: Mapping[int, str]) -> str:
    """Return what is wrong behind the last event."""
    if last.sequence < end.sequence:
        return f"the end was cut off: event {last.sequence} is the last of {end.sequence}"
    if last.hash != end.hash:
        return f"event {last.sequence} was replaced: the chain ended with another one"
    # One statement sees both as they were at one time, so what is added meanwhile does not count.
    true_end = AuditChain.objects.filter(organisation=end.organisation).values("sequence")
    beyond = AuditEvent.objects.filter(organisation=end.organisation, sequence__gt=max(last.sequence, 0))
    if not end.pk and beyond.exists() and not true_end.exists():
        return "the end was removed: there are events, and no end of the chain"
    stray = beyond.filter(sequence__gt=Subquery(true_end)).order_by("sequence").first()
    if stray:
        return f"event {stray.sequence} was added behind the chain's end, event {end.sequence}"
    unmet = min((sequence for sequence in noted if sequence > last.sequence), default=0)
    if unmet:
        return f"event {unmet}, which was noted, is gone: the chain ends with event {last.sequence}"
    return ""
