"""Bringing checked rows into the register, exactly as the check showed them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from accounts.models import User
from audit.services import Entry, changing, record_many
from config.db.inserting import insert_many
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, models
from django.utils import timezone
from registers.models import Mechanism, Term
from registers.sorting import natural_key

from obligations.importing.directory import Directory
from obligations.importing.facts import PEOPLE, RELATED, SAID, UNDO, dated, recorded
from obligations.importing.results import WRITTEN, Result
from obligations.models import VOCABULARIES, ImportBatch, ImportRow, Obligation, RecurrenceRule, Suspension
from obligations.services.adoption import adopt
from obligations.services.restating import STANDING, Said, replace_rule, restate
from obligations.states import Lifecycle

# Rows that are written together: few enough for others to write in between.
CHUNK = 300
_APART = {"mechanism", "rule", "extra", SAID, UNDO}
Named = TypeVar("Named", bound=models.Model)


class Conflict(Exception):
    """The register has changed since the rows were checked; the message says where."""


def waiting(batch: ImportBatch) -> models.QuerySet[ImportRow]:
    """Return the rows that are still to be brought in."""
    return batch.rows.filter(result__in=WRITTEN, applied=False).defer("findings").order_by("line")


def check_versions(batch: ImportBatch) -> None:
    """See that the register is as it was when the rows were checked.

    Raises:
        Conflict: somebody changed, removed or added one of the obligations since.
    """
    updates = waiting(batch).filter(result=Result.UPDATED)
    gone = updates.exclude(obligation__version=models.F("version"))
    if first := gone.first():
        raise Conflict(f"{first.number} (line {first.line}) was changed after the check")


class Application:
    """Brings the rows of one batch in, chunk by chunk, each in a transaction of its own.

    Args:
        batch: whose rows.
        actor: in whose name; None for the person at the server's console.
    """

    def __init__(self, batch: ImportBatch, actor: User | None) -> None:
        self.batch = batch
        self.project = batch.project
        self.actor = actor
        self.directory = Directory(self.project)
        self.entries: list[Entry] = []

    def apply(self, rows: Iterable[ImportRow]) -> None:
        """Bring the rows in.

        Raises:
            Conflict: the register has changed since they were checked; none of the rows was brought in.
        """
        chunk = list(rows)
        self.entries = []
        with changing(self.project.organisation):
            self._create([row for row in chunk if row.result != Result.UPDATED])
            self._update([row for row in chunk if row.result == Result.UPDATED])
            self._mark(chunk)
            record_many(self.project.organisation, self.actor, self.entries)

    def _mark(self, chunk: list[ImportRow]) -> None:
        """Note in the rows that they are in; by hand, because `bulk_update` takes ten times as long."""
        values = [(True, row.obligation_id, row.version, _json(row.changes), row.pk) for row in chunk]
        table = connection.ops.quote_name(ImportRow._meta.db_table)
        columns = "applied = %s, obligation_id = %s, version = %s, changes = %s"
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {columns} WHERE id = %s", values)  # noqa: S608  names of ours

    def _create(self, rows: list[ImportRow]) -> None:
        rules = {}
        facts = [dated({name: after for name, (_, after) in row.changes.items()}) for row in rows]
        new = [self._obligation(values) for values in facts]
        try:
            insert_many(new, keys=True)
        except IntegrityError as error:
            raise Conflict("a number of these rows was added to the register after the check") from error
        for row, values, obligation in zip(rows, facts, new, strict=True):
            if values.get("rule"):
                rules[obligation.pk] = RecurrenceRule(obligation=obligation, **self._rule(values["rule"]))
            if obligation.lifecycle == Lifecycle.SUSPENDED:
                Suspension.objects.create(
                    obligation=obligation, starts_on=self.project.today, reason="Suspended in the imported register."
                )
            self._note(row, obligation, row.changes)
            row.obligation, row.version = obligation, obligation.version
            # They stand in the register and in its record now.
            row.changes = {}
        adopt(new, rules)

    def _obligation(self, values: Mapping[str, Any]) -> Obligation:
        mechanism = self._mechanism(values["mechanism"])
        fields = self._fields(values, mechanism)
        return Obligation(
            project=self.project,
            sort_key=natural_key(values["number"]),
            extra=values.get("extra", {}),
            **(fields | {"mechanism": mechanism}),
        )

    def _update(self, rows: list[ImportRow]) -> None:
        stored = Obligation.objects.select_for_update(of=("self",)).select_related(*RELATED)
        found = stored.in_bulk([row.obligation_id for row in rows if row.obligation_id])
        for row in rows:
            existing = found.get(row.obligation_id or 0)
            if existing is None or existing.version != row.version:
                raise Conflict(f"{row.number} (line {row.line}) was changed after the check")
            # The project's day and zone are the same for all.
            existing.project = self.project
            self._change(row, existing)

    def _change(self, row: ImportRow, existing: Obligation) -> None:
        after = dated({name: after for name, (_, after) in row.changes.items()})
        for name, value in self._fields(after, existing.mechanism).items():
            if name not in STANDING:
                setattr(existing, name, value)
        if "extra" in after:
            existing.extra = after["extra"]
        existing.version += 1
        existing.updated_at = timezone.now()
        existing.save()
        self._note(row, existing, row.changes)
        undo = []
        if "rule" in after:
            undo.append(replace_rule(existing, self._rule(after["rule"]), since=after.get("action_due_date")))
        if SAID in after:
            undo.append(restate(existing, Said.by(dated(after[SAID]))))
        if undo:
            row.changes[UNDO] = [None, undo]
        row.version = existing.version

    def _fields(self, values: Mapping[str, Any], mechanism: Mechanism) -> dict[str, Any]:
        """Return the columns of the obligation's own row; what they name and what is new is stored first."""
        fields = {name: value for name, value in values.items() if name not in _APART}
        for name in VOCABULARIES:
            if name in fields:
                said = fields.pop(name)
                fields[f"{name}_id"] = self._term(name, said).pk if said else None
        for name in PEOPLE:
            if name in fields:
                said = fields.pop(name)
                person = self.directory.person(said) if said else None
                fields[f"{name}_id"] = person.pk if person else None
        if "condition" in fields:
            said = fields.pop("condition")
            fields["condition_id"] = self._stored(self.directory.condition(mechanism, said)[0]).pk if said else None
        return fields

    def _mechanism(self, reference: str) -> Mechanism:
        return self._stored(self.directory.mechanism(reference)[0])

    def _term(self, vocabulary: str, name: str) -> Any:
        words = self.directory.vocabularies[vocabulary]
        return self._stored(words.find(name) or words.propose(name))

    def _rule(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        values = dated(facts)
        name = values["milestone"]
        return values | {"milestone": self._stored(self.directory.milestone(name)[0]) if name else None}

    def _stored(self, row: Named) -> Named:
        """Return what a row names, added to the database if it was only proposed."""
        if row.pk is None:
            row.save()
            kind = "term" if isinstance(row, Term) else row._meta.model_name
            self.entries.append(Entry(f"{kind}.add", row, self.project.pk, reason=origin_of(self.batch)))
        return row

    def _note(self, row: ImportRow, obligation: Obligation, changes: Mapping[str, Any]) -> None:
        reason = f"{origin_of(self.batch)}, line {row.line} of {self.batch.file_name}"
        self.entries.append(
            Entry("obligation.import", obligation, self.project.pk, changes=recorded(changes), reason=reason)
        )


def _json(changes: Mapping[str, Any]) -> str:
    # Nothing is left of most.
    return json.dumps(changes, cls=DjangoJSONEncoder) if changes else "{}"


def origin_of(batch: ImportBatch) -> str:
    """Return how the record names a batch."""
    return f"Import {batch.pk}"
