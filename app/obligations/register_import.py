"""Bringing a register file into a project: every row ends accepted, with a warning, or refused with its remedy."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.models import Organisation
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from registers.importing.reading import Row
from registers.models import (
    Aspect,
    Mechanism,
    ObligationType,
    Party,
    Phase,
    Procedure,
    Project,
    ResponsibleRole,
    Term,
)
from registers.sorting import natural_key

from obligations.models import Obligation

VOCABULARIES: dict[str, type[Term]] = {
    "procedure": Procedure,
    "aspect": Aspect,
    "accountability": Party,
    "responsible_role": ResponsibleRole,
    "phase": Phase,
    "obligation_type": ObligationType,
}
# Instruments whose reference leaves no doubt about their kind.
_KINDS = (
    (re.compile(r"MS ?\d+"), Mechanism.Kind.MINISTERIAL_STATEMENT),
    (re.compile(r"[LW] ?\d+/\d{4}/\d+"), Mechanism.Kind.PART_V),
    (re.compile(r"CPS ?\d+/\d+"), Mechanism.Kind.CLEARING_PERMIT),
    (re.compile(r"EPBC ?\d{4}/\d+"), Mechanism.Kind.EPBC),
    (re.compile(r"EPL ?\d+"), Mechanism.Kind.EPL),
    (re.compile(r".*\b(C?EMP|OEMP|CEMP|Management Plan)\b.*", re.IGNORECASE), Mechanism.Kind.MANAGEMENT_PLAN),
)
BATCH = 500


def terms_of(organisation: Organisation, vocabulary: type[Term]) -> QuerySet[Term]:
    """Return the words that an organisation has in a vocabulary."""
    return vocabulary._default_manager.filter(organisation=organisation)


@dataclass(frozen=True)
class Outcome:
    """What became of a row."""

    row: Row
    result: str
    """accepted, warned, unchanged, updated or refused."""


@dataclass
class Import:
    """The totals of one run, and whether anything was written."""

    written: bool = True
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def import_register(
    project: Project, rows: Iterable[Row], *, report: Path | None = None, dry_run: bool = False, strict: bool = False
) -> Import:
    """Store a register's rows in one transaction and report each of them.

    Rows that are here already are compared, so that importing a file twice changes nothing the second time.

    Args:
        project: where the obligations belong.
        rows: as `registers.importing.reading.read_register` yields them.
        report: a CSV file to write, with one line for each row.
        dry_run: report only.
        strict: write nothing if any row is refused.
    """
    totals = Import()
    with transaction.atomic():
        for outcome in _reported(_Importer(project).run(rows), report):
            totals.counts[outcome.result] += 1
            totals.refusals.update(
                (finding.column, finding.remedy) for finding in outcome.row.findings if finding.remedy
            )
        totals.written = not (dry_run or (strict and totals.refusals))
        transaction.set_rollback(not totals.written)
    return totals


def _reported(outcomes: Iterator[Outcome], report: Path | None) -> Iterator[Outcome]:
    if report is None:
        yield from outcomes
        return
    with report.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "mechanism", "number", "result", "columns", "message", "remedy"])
        for outcome in outcomes:
            row = outcome.row
            writer.writerow(
                [
                    row.line,
                    row.values.get("mechanism", ""),
                    row.values.get("number", ""),
                    "accepted with a warning" if outcome.result == "warned" else outcome.result,
                    "; ".join(dict.fromkeys(finding.column for finding in row.findings)),
                    " | ".join(finding.message for finding in row.findings),
                    " | ".join(finding.remedy for finding in row.findings if finding.remedy),
                ]
            )
            yield outcome


class _Importer:
    """One run: what the project holds, what the file has said so far, and what waits to be written."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.mechanisms = {m.reference.casefold(): m for m in project.mechanisms.all()}
        self.terms = {
            name: {
                term.name.casefold(): term for term in model._default_manager.filter(organisation=project.organisation)
            }
            for name, model in VOCABULARIES.items()
        }
        self.lines: dict[tuple[int, str], int] = {}
        self.stored = {(o.mechanism_id, o.number): o for o in project.obligations.all()}
        self.new: list[Obligation] = []

    def run(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield self._row(row)
            if len(self.new) >= BATCH:
                self._write()
        self._write()

    def _write(self) -> None:
        Obligation.objects.bulk_create(self.new)
        self.new = []

    def _row(self, row: Row) -> Outcome:
        if row.refused:
            return Outcome(row, "refused")
        values = dict(row.values)
        named = values.pop("project", "")
        if named and named != self.project.name:
            row.warn("project", f"names the project {named!r}; it was stored in {self.project.name!r}")
        reference = values["mechanism"]
        known = self.mechanisms.get(reference.casefold())
        if known and not self._first_of_its_number(row, known):
            return Outcome(row, "refused")
        mechanism = values["mechanism"] = known or self._new_mechanism(row, reference)
        self.lines.setdefault((mechanism.pk, values["number"]), row.line)
        for name in VOCABULARIES:
            if name in values:
                values[name] = self._term(row, name, values[name]) if values[name] else None
        values["extra"] = row.extra
        existing = self.stored.get((mechanism.pk, values["number"]))
        if existing:
            return self._compare(row, existing, values)
        self.new.append(Obligation(project=self.project, sort_key=natural_key(values["number"]), **values))
        return Outcome(row, "warned" if row.findings else "accepted")

    def _first_of_its_number(self, row: Row, mechanism: Mechanism) -> bool:
        earlier = self.lines.get((mechanism.pk, row.values["number"]))
        if earlier is None:
            return True
        # Which of the two is meant cannot be told, so the second is not allowed to replace the first.
        row.refuse(
            "number",
            f"{row.values['number']} of {mechanism} stands in line {earlier} already",
            f"give this row a number of its own, such as {row.values['number']}a, or delete it",
        )
        return False

    def _new_mechanism(self, row: Row, reference: str) -> Mechanism:
        kind = next((kind for pattern, kind in _KINDS if pattern.fullmatch(reference)), None)
        coded = kind not in {None, Mechanism.Kind.MANAGEMENT_PLAN}
        mechanism = Mechanism.objects.create(
            project=self.project,
            reference=reference,
            short=(reference.replace(" ", "") if coded else reference)[:40],
            kind=kind or Mechanism.Kind.COMMITMENT,
        )
        doubt = "" if kind else ", because its kind cannot be told from its name"
        row.warn("mechanism", f"new mechanism {reference!r}, as {mechanism.get_kind_display()}{doubt}")
        self.mechanisms[reference.casefold()] = mechanism
        return mechanism

    def _term(self, row: Row, vocabulary: str, name: str) -> Term:
        known = self.terms[vocabulary].get(name.casefold())
        if known is None:
            model = VOCABULARIES[vocabulary]
            known = model._default_manager.create(organisation=self.project.organisation, name=name)
            self.terms[vocabulary][name.casefold()] = known
            row.warn(vocabulary, f"new {model._meta.verbose_name} {name!r}")
        elif known.name != name:
            row.warn(vocabulary, f"{name!r} is stored as {known.name!r}")
        return known

    def _compare(self, row: Row, existing: Obligation, values: dict[str, Any]) -> Outcome:
        differences = {name: value for name, value in values.items() if getattr(existing, name) != value}
        if not differences:
            return Outcome(row, "unchanged")
        for name, value in differences.items():
            row.warn(name, f"was {_shown(getattr(existing, name))}, is now {_shown(value)}")
            setattr(existing, name, value)
        existing.version += 1
        existing.updated_at = timezone.now()
        existing.save()
        return Outcome(row, "updated")


def _shown(value: Any) -> str:
    return "empty" if value in (None, "") else repr(str(value))
