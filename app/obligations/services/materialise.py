"""Turning rules into rows: each occurrence that a rule names to the horizon is there, once, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from audit.services import changing
from dateutil.relativedelta import relativedelta
from django.db.models import Max, Q, QuerySet
from registers.models import Mechanism, Project

from obligations.models import (
    DONE_STATES,
    OPEN_STATES,
    Basis,
    Extension,
    Obligation,
    Occurrence,
    RecurrenceRule,
    Suspension,
)
from obligations.recurrence.calendar import Calendar
from obligations.recurrence.rule import Rule, Slot, slot_after, slots
from obligations.services.projection import project_occurrences
from obligations.services.reading_rules import rule_of
from obligations.states import DUE_SOON, Lifecycle, OccurrenceState

HORIZON = relativedelta(months=24)
BATCH = 500
DATES = ("nominal_date", "due_date", "period_start", "period_end")


class Materialised(NamedTuple):
    """How many occurrences came, and of how many the time had come."""

    created: int
    opened: int


@dataclass
class RuleChange:
    """Which dates went and which came."""

    removed: list[date] = field(default_factory=list)
    added: list[date] = field(default_factory=list)
    moved: list[tuple[date, date]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.moved)


class Surroundings:
    """What of a project decides its due dates: fetched once for all of its obligations."""

    def __init__(self, project: Project) -> None:
        self.calendar = Calendar(project.holidays.values_list("on", flat=True))
        self.phases = {phase.phase_id: phase for phase in project.phases.all()}


def wanted_slots(
    rule: RecurrenceRule, obligation: Obligation, surroundings: Surroundings, *, on: date
) -> Iterator[Slot]:
    """Yield the slots that should be occurrences: to the horizon, and one after that day in any case.

    Slots in a suspension, outside the phase that gates the obligation, or from before the rule took effect are left
    out; their numbers are, too, so that the sequence goes on afterwards as if nothing had been.
    """
    if obligation.lifecycle == Lifecycle.RETIRED or obligation.mechanism.status in _ENDED:
        return
    suspensions = list(obligation.suspensions.all())
    horizon, ahead = on + HORIZON, False
    for slot in _sequence(rule_of(rule, obligation.mechanism), rule, obligation, surroundings):
        day = slot.nominal or slot.period_start
        if day is None or (slot.nominal is None and day > on):
            return  # what is assessed by period is not yet begun
        if day > horizon and ahead:
            return
        if rule.effective_from and day < rule.effective_from:
            continue
        if _asleep(day, obligation, suspensions, surroundings):
            if day > horizon:
                return
            continue
        ahead = ahead or day > on
        yield slot


def materialise(obligations: QuerySet[Obligation], on: date) -> Materialised:
    """Create the occurrences that are missing, and open those whose time has come; doing it again changes nothing.

    Args:
        obligations: whose occurrences; of one organisation.
        on: the day from which the horizon counts.
    """
    created = opened = 0
    keys = list(obligations.filter(rule__isnull=False).order_by("project_id").values_list("pk", flat=True))
    surroundings: dict[int, Surroundings] = {}
    for start in range(0, len(keys), BATCH):
        batch = list(_for_slots(Obligation.objects.filter(pk__in=keys[start : start + BATCH])))
        with changing(batch[0].project.organisation):
            new: list[Occurrence] = []
            for obligation in batch:
                around = surroundings.get(obligation.project_id) or Surroundings(obligation.project)
                surroundings[obligation.project_id] = around
                new += missing(obligation, around, on=on, present=list(obligation.occurrences.all()))
            Occurrence.objects.bulk_create(new, batch_size=BATCH)
            ready = _open(batch, on)
            project_occurrences({one.obligation_id for one in (*new, *ready)})
        created += len(new)
        opened += len(ready)
    return Materialised(created, opened)


def rematerialise(obligation: Obligation, on: date, *, since: date | None = None) -> RuleChange:
    """Bring the occurrences in line with a rule, a calendar, a milestone or a mechanism that has changed.

    Occurrences that people worked on stay where they are. Of the others those that are no longer wanted and fall due
    on or after `since` go, the missing ones come, and dates that moved move with them, unless they were extended.

    Args:
        obligation: whose occurrences.
        on: the project's day.
        since: what fell due before it stays in any case; `on` if None.
    """
    [change] = rematerialise_all(Obligation.objects.filter(pk=obligation.pk), on, since=since)
    return change


def rematerialise_all(obligations: QuerySet[Obligation], on: date, *, since: date | None = None) -> list[RuleChange]:
    """Do that for many obligations of one project, some hundred at a time; return what changed of each."""
    changes: list[RuleChange] = []
    keys = list(obligations.order_by("pk").values_list("pk", flat=True))
    around: Surroundings | None = None
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        with changing(Project.objects.select_related("organisation").get(obligations=batch[0]).organisation):
            extended = set(
                Extension.objects.filter(occurrence__obligation__in=batch).values_list("occurrence", flat=True)
            )
            work = Rework(on, since or on, extended)
            for obligation in _for_slots(Obligation.objects.filter(pk__in=batch)).order_by("pk"):
                around = around or Surroundings(obligation.project)
                changes.append(work.bring_in_line(obligation, around))
            work.store()
            _open(batch, on)
            project_occurrences(batch)
    return changes


class Rework:
    """What has to be written to bring occurrences in line with their rules: gathered, then stored at once."""

    def __init__(self, on: date, since: date, extended: set[int]) -> None:
        self.on = on
        self.since = since
        self.extended = extended
        self.gone: list[int] = []
        self.moved: list[Occurrence] = []
        self.new: list[Occurrence] = []

    def bring_in_line(self, obligation: Obligation, around: Surroundings) -> RuleChange:
        """Compare one obligation's occurrences with what its rule wants."""
        rule: RecurrenceRule | None = getattr(obligation, "rule", None)
        change = RuleChange()
        wanted = {} if rule is None else _numbered(rule, wanted_slots(rule, obligation, around, on=self.on))
        kept = []
        for one in obligation.occurrences.all():
            slot = wanted.get(one.sequence)
            if slot:
                self._move(one, slot, change)
            elif not _recorded(one, rule) and _removable(one, self.since):
                change.removed += [one.due_date] if one.due_date else []
                self.gone.append(one.pk)
                continue
            kept.append(one)
        new = missing(obligation, around, on=self.on, present=kept, wanted=wanted) if rule else []
        change.added += [one.due_date for one in new if one.due_date]
        self.new += new
        return change

    def store(self) -> None:
        """Write what was gathered."""
        Occurrence.objects.filter(pk__in=self.gone).delete()
        Occurrence.objects.bulk_update(self.moved, (*DATES, "version"), batch_size=BATCH)
        Occurrence.objects.bulk_create(self.new, batch_size=BATCH)

    def _move(self, one: Occurrence, slot: Slot, change: RuleChange) -> None:
        dates = (slot.nominal, slot.due, slot.period_start, slot.period_end)
        same = dates == tuple(getattr(one, name) for name in DATES)
        if same or one.state not in OPEN_STATES or one.pk in self.extended:
            return
        if one.due_date and slot.due and one.due_date != slot.due:
            change.moved.append((one.due_date, slot.due))
        one.nominal_date, one.due_date, one.period_start, one.period_end = dates
        one.version += 1
        self.moved.append(one)


def missing(
    obligation: Obligation,
    around: Surroundings,
    *,
    on: date,
    present: list[Occurrence],
    wanted: Mapping[int, Slot] | None = None,
) -> list[Occurrence]:
    """Return the occurrences that the rule wants and that are not there, unsaved."""
    rule: RecurrenceRule = obligation.rule
    if rule.basis == Basis.AFTER_COMPLETION:
        return _next_after_completion(rule, obligation, around, present)
    sequences = {one.sequence for one in present}
    days = {one.nominal_date for one in present if one.nominal_date}
    if wanted is None:
        wanted = _numbered(rule, wanted_slots(rule, obligation, around, on=on))
    return [
        occurrence_of(obligation, sequence, slot)
        for sequence, slot in wanted.items()
        if sequence not in sequences and slot.nominal not in days
    ]


def occurrence_of(obligation: Obligation, sequence: int, slot: Slot) -> Occurrence:
    """Return a slot as an occurrence, unsaved."""
    return Occurrence(
        project_id=obligation.project_id,
        obligation=obligation,
        sequence=sequence,
        period_start=slot.period_start,
        period_end=slot.period_end,
        nominal_date=slot.nominal,
        due_date=slot.due,
    )


def next_sequence(obligation: Obligation) -> int:
    """Return the first number behind all occurrences."""
    last = obligation.occurrences.aggregate(last=Max("sequence"))["last"]
    return 0 if last is None else last + 1


_ENDED = {Mechanism.Status.SUPERSEDED, Mechanism.Status.SURRENDERED, Mechanism.Status.EXPIRED}


def _for_slots(obligations: QuerySet[Obligation]) -> QuerySet[Obligation]:
    return obligations.select_related("project", "mechanism", "rule__milestone").prefetch_related(
        "suspensions", "occurrences"
    )


def _numbered(rule: RecurrenceRule, wanted: Iterable[Slot]) -> dict[int, Slot]:
    return {rule.sequence_from + slot.number: slot for slot in wanted}


def _recorded(one: Occurrence, rule: RecurrenceRule | None) -> bool:
    """Whether the occurrence comes from what people recorded under this rule, rather than from the rule itself."""
    if rule is None or one.sequence < rule.sequence_from:
        return False
    return rule.basis == Basis.AFTER_COMPLETION or (rule.basis == Basis.EVENT and rule.milestone_id is None)


def _sequence(rule: Rule, stored: RecurrenceRule, obligation: Obligation, surroundings: Surroundings) -> Iterator[Slot]:
    if rule.basis == Basis.EVENT:
        day = stored.milestone.date if stored.milestone else None
    elif rule.basis == Basis.PHASE_START:
        phase = surroundings.phases.get(obligation.phase_id or 0)
        day = phase.starts_on if phase else None
    else:
        return slots(rule, surroundings.calendar)
    return iter([slot_after(rule, surroundings.calendar, day, 0)] if day else [])


def _asleep(day: date, obligation: Obligation, suspensions: list[Suspension], around: Surroundings) -> bool:
    if any(one.starts_on <= day and (one.ends_on is None or day < one.ends_on) for one in suspensions):
        return True
    if not obligation.phase_gated:
        return False
    phase = around.phases.get(obligation.phase_id or 0)
    if phase is None or phase.starts_on is None or day < phase.starts_on:
        return True
    return phase.ends_on is not None and day > phase.ends_on


def _next_after_completion(
    rule: RecurrenceRule, obligation: Obligation, around: Surroundings, present: list[Occurrence]
) -> list[Occurrence]:
    if obligation.lifecycle == Lifecycle.RETIRED or any(one.state not in DONE_STATES for one in present):
        return []
    pure = rule_of(rule, obligation.mechanism)
    number = max((one.sequence for one in present), default=-1) + 1
    closed = [one.completed_on for one in present if one.completed_on]
    if closed:
        slot = slot_after(pure, around.calendar, max(closed), number)
    elif pure.anchor:
        slot = Slot(number, pure.anchor, around.calendar.roll(pure.anchor, pure.roll_policy))
    else:
        return []
    day = slot.nominal or date.max
    ended = (pure.end_date and day > pure.end_date) or (pure.end_count and number >= pure.end_count)
    if ended or _asleep(day, obligation, list(obligation.suspensions.all()), around):
        return []
    return [occurrence_of(obligation, number, slot)]


def _removable(one: Occurrence, since: date) -> bool:
    untouched = not one.touched and one.state in {OccurrenceState.SCHEDULED, OccurrenceState.OPEN}
    day = one.due_date or one.period_end
    return untouched and (day is None or day >= since)


def _open(obligations: Iterable[Obligation | int], on: date) -> list[Occurrence]:
    """Open what falls due soon, or has no date."""
    waiting = Occurrence.objects.filter(obligation__in=list(obligations), state=OccurrenceState.SCHEDULED)
    soon = Q(due_date=None) | Q(due_date__lte=on + DUE_SOON)
    ready = list(waiting.filter(soon).only("pk", "obligation_id"))
    Occurrence.objects.filter(pk__in=[one.pk for one in ready]).update(state=OccurrenceState.OPEN)
    return ready
