"""Taking an import back, as long as nobody has worked on what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from accounts.models import User
from audit.models import AuditEvent
from audit.services import Entry, changing, name_of, record_many
from django.db import models
from django.db.models import ProtectedError
from django.utils import timezone
from registers.models import Condition, Mechanism, Milestone, Term

from obligations.importing.applying import CHUNK, origin_of
from obligations.importing.directory import Directory
from obligations.importing.facts import PEOPLE, SAID, UNDO, dated, recorded
from obligations.importing.results import Result
from obligations.models import VOCABULARIES, ImportBatch, ImportRow, Obligation
from obligations.services.restating import STANDING, take_back


class Stopper(NamedTuple):
    """A row that cannot be taken back, and why."""

    line: int
    number: str
    why: str


def applied(batch: ImportBatch) -> models.QuerySet[ImportRow]:
    """Return the rows that are in the register, the last one first."""
    return (
        batch.rows.filter(applied=True).select_related("obligation__project", "obligation__mechanism").order_by("-line")
    )


def stoppers(batch: ImportBatch, rows: Iterable[ImportRow] | None = None) -> Iterator[Stopper]:
    """Yield the rows of which the register has more to tell than the import: each change leaves an event behind."""
    found = iter(applied(batch).iterator(chunk_size=CHUNK) if rows is None else rows)
    while chunk := list(islice(found, CHUNK)):
        last = _last_events([row.obligation for row in chunk if row.obligation])
        for row in chunk:
            why = _why_not(row, batch, last)
            if why:
                yield Stopper(row.line, row.number, why)


def undo_chunk(batch: ImportBatch, rows: Iterable[ImportRow], actor: User | None) -> int:
    """Take some rows back, in one transaction; return how many stay because somebody has worked on them."""
    chunk = list(rows)
    with changing(batch.project.organisation):
        staying = {stopper.line for stopper in stoppers(batch, chunk)}
        directory, entries = Directory(batch.project), []
        for row in chunk:
            if row.line in staying or row.obligation is None:
                continue
            if row.result == Result.UPDATED:
                _put_back(row, row.obligation, directory)
                entries.append(_entry(batch, row, {name: (b, a) for name, (a, b) in recorded(row.changes).items()}))
                row.version = row.obligation.version
            else:
                entries.append(_entry(batch, row, {}))
        record_many(batch.project.organisation, actor, entries)
        brought = [row for row in chunk if row.line not in staying and row.result != Result.UPDATED]
        gone = [row.obligation_id for row in brought if row.obligation_id]
        for row in chunk:
            row.applied = False
        ImportRow.objects.bulk_update(chunk, ["applied", "version"])
        Obligation.objects.filter(pk__in=gone).delete()
    return len(staying)


def forget_unused(batch: ImportBatch, actor: User | None) -> None:
    """Remove the mechanisms, conditions and words that the import brought and nothing else uses."""
    added = AuditEvent.objects.filter(
        organisation=batch.project.organisation, project_id=batch.project_id, reason=origin_of(batch)
    )
    models_here: tuple[type[models.Model], ...] = (Mechanism, Condition, Milestone, *VOCABULARIES.values())
    kinds = {model._meta.model_name: model for model in models_here}
    # Backwards: a condition goes before its mechanism.
    for subject in list(added.order_by("-sequence").values_list("subject", flat=True)):
        kind, key = subject.split(":")
        row: Any = kinds[kind]._default_manager.filter(pk=key).first()
        if row is None or (isinstance(row, Mechanism) and (row.versions.exists() or row.conditions.exists())):
            continue
        try:
            with changing(batch.project.organisation):
                what = "term" if isinstance(row, Term) else kind
                entry = Entry(f"{what}.delete", row, batch.project_id, reason=f"{origin_of(batch)} undone")
                record_many(batch.project.organisation, actor, [entry])
                row.delete()
        except ProtectedError:
            # Somebody uses it by now: it stays.
            continue


def _last_events(obligations: list[Obligation]) -> dict[str, str]:
    """Return why the last event of each obligation was recorded, by the obligation's name in the record."""
    names = [name_of(one) for one in obligations]
    events = AuditEvent.objects.filter(topic__in=names).order_by("sequence").values_list("topic", "reason")
    return dict(events)


def _why_not(row: ImportRow, batch: ImportBatch, last: dict[str, str]) -> str:
    obligation = row.obligation
    if obligation is None:
        return ""
    ours = last.get(name_of(obligation), "").startswith(f"{origin_of(batch)},")
    if obligation.version != row.version or not ours:
        return "it was changed or worked on since"
    for name in ("evidence", "comments", "inspections", "non_compliances"):
        if row.result != Result.UPDATED and getattr(obligation, name).exists():
            return f"it has {name.replace('_', '-')}"
    return ""


def _put_back(row: ImportRow, obligation: Obligation, directory: Directory) -> None:
    before: dict[str, Any] = dated({name: before for name, (before, _) in row.changes.items()})
    for name, value in before.items():
        if name in {*STANDING, "rule", SAID, UNDO}:
            continue
        setattr(obligation, name, _named(name, value, obligation, directory))
    obligation.version += 1
    obligation.updated_at = timezone.now()
    obligation.save()
    for undo in reversed(row.changes.get(UNDO, (None, []))[1]):
        take_back(obligation, undo)


def _named(name: str, value: Any, obligation: Obligation, directory: Directory) -> Any:
    """Return what a field held, found by its name."""
    if name == "extra":
        return value or {}
    if name in VOCABULARIES:
        return directory.vocabularies[name].find(value) if value else None
    if name in PEOPLE:
        return User.objects.filter(email__iexact=value).first() if value else None
    if name == "condition":
        return obligation.mechanism.conditions.filter(number=value).order_by("-pk").first() if value else None
    return value


def _entry(batch: ImportBatch, row: ImportRow, changes: dict[str, Any]) -> Entry:
    assert row.obligation is not None  # noqa: S101 - for the type checker: the caller has looked
    reason = f"{origin_of(batch)} undone, line {row.line} of {batch.file_name}"
    action = "obligation.restore" if row.result == Result.UPDATED else "obligation.remove"
    return Entry(action, row.obligation, batch.project_id, changes=changes, reason=reason)
