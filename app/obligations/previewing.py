"""What a rule would do, before it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice, takewhile

from obligations.models import Basis, Obligation, RecurrenceRule
from obligations.recurrence.rule import Slot, slot_after, slots
from obligations.recurrence.words import describe
from obligations.services.materialise import Surroundings
from obligations.services.reading_rules import event_of, rule_of

NUMBER = 8
# Of a rule that began long ago so many dates are passed over at most.
LOOKED_AT = 50_000


@dataclass(frozen=True)
class Preview:
    """A rule in words, its next dates, and what has to be said about them."""

    words: str
    slots: list[Slot]
    note: str = ""


def preview(rule: RecurrenceRule, obligation: Obligation, on: date) -> Preview:
    """Return what a rule that is not stored would do to an obligation from a day on.

    Args:
        rule: as it was entered.
        obligation: whose rule it would be.
        on: the project's day.
    """
    pure, around = rule_of(rule, obligation.mechanism), Surroundings(obligation.project)
    words = describe(pure, event_of(rule))
    if rule.basis == Basis.AS_REQUIRED:
        return Preview(words, [], "It has no dates. Record each time that something made it due.")
    if rule.basis == Basis.AFTER_COMPLETION:
        last = obligation.occurrences.filter(state="closed").order_by("completed_on").last()
        if last is None and pure.anchor is None:
            return Preview(words, [], "The first one needs a first date: nothing was closed from which to count.")
        first = slot_after(pure, around.calendar, last.completed_on, 0) if last and last.completed_on else None
        start = first or Slot(0, pure.anchor, around.calendar.roll(pure.anchor or on, pure.roll_policy))
        return Preview(
            words,
            list(islice(_one_after_another(rule, start, around, obligation), NUMBER)),
            "Only the first of these is made. The others are what follows if each is done when it is due.",
        )
    if rule.basis in {Basis.EVENT, Basis.PHASE_START}:
        return _counted(rule, obligation, around, on, words)
    coming = (slot for slot in islice(slots(pure, around.calendar), LOOKED_AT) if _end_of(slot) >= on)
    found = list(islice(coming, NUMBER))
    return Preview(words, found, "" if found else "No date lies ahead: look at the first date and at when it ends.")


def _counted(rule: RecurrenceRule, obligation: Obligation, around: Surroundings, on: date, words: str) -> Preview:
    """Return what follows from one day: of an event, a milestone or the start of a phase."""
    day, note = on, "If it happened today. Each time it happens makes one more."
    if rule.basis == Basis.PHASE_START:
        phase = around.phases.get(obligation.phase_id or 0)
        if phase is None or phase.starts_on is None:
            return Preview(words, [], "The day is not known: set the obligation's phase, and when it starts here.")
        day, note = phase.starts_on, ""
    elif rule.milestone:
        if rule.milestone.date is None:
            return Preview(words, [], "The milestone has no date yet: set it in the project's calendar.")
        day, note = rule.milestone.date, "It moves with the milestone until it is worked on."
    return Preview(words, [slot_after(rule_of(rule, obligation.mechanism), around.calendar, day, 0)], note)


def _one_after_another(
    rule: RecurrenceRule, slot: Slot, around: Surroundings, obligation: Obligation
) -> Iterator[Slot]:
    pure = rule_of(rule, obligation.mechanism)

    def chain(slot: Slot) -> Iterator[Slot]:
        while slot.due and (pure.end_count is None or slot.number < pure.end_count):
            yield slot
            slot = slot_after(pure, around.calendar, slot.due, slot.number + 1)

    last = pure.end_date or date.max
    return takewhile(lambda one: (one.nominal or date.max) <= last, chain(slot))


def _end_of(slot: Slot) -> date:
    return slot.due or slot.period_end or date.max
