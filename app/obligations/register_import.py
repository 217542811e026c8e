"""Bringing a register into a project: every row ends accepted, with a warning, or refused with its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from accounts.models import Organisation
from django.db import models, transaction
from django.utils import timezone
from registers.importing.mechanisms import kind_of
from registers.importing.reading import Row
from registers.models import Mechanism, Project, Term
from registers.sorting import compact, natural_key

from obligations.models import VOCABULARIES, Obligation

# Rows that are read, compared and written together: enough to make few queries, few enough to keep memory flat.
BATCH = 500


class Result(models.TextChoices):
    """What becomes of a row."""

    ACCEPTED = "accepted", "accepted"
    WARNED = "warned", "accepted with a warning"
    UPDATED = "updated", "updated"
    UNCHANGED = "unchanged", "unchanged"
    REFUSED = "refused", "refused"


@dataclass(frozen=True)
class Outcome:
    """A row, and what became of it."""

    row: Row
    result: Result


@dataclass
class Totals:
    """How many rows ended how, what was found in them, and whether they are in the register now."""

    counts: Counter[Result] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    written: bool = True

    @property
    def rows(self) -> int:
        return self.counts.total()

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.result] += 1
        for finding in outcome.row.findings:
            (self.refusals if finding.remedy else self.warnings)[str(finding)] += 1


def import_register(
    project: Project,
    rows: Iterable[Row],
    *,
    tell: Callable[[Outcome], None] = lambda outcome: None,
    dry_run: bool = False,
    strict: bool = False,
) -> Totals:
    """Store a register's rows in one transaction.

    A row whose number the mechanism has already is compared with what is stored, so that importing a file twice
    changes nothing the second time, and a corrected file changes what was corrected.

    Args:
        project: where the obligations belong.
        rows: as `registers.importing.reading.read_register` yields them.
        tell: called with each row's outcome, in the file's order.
        dry_run: write nothing.
        strict: write nothing if any row is refused.
    """
    totals = Totals()
    with transaction.atomic():
        for outcome in _Importer(project).outcomes(rows):
            totals.add(outcome)
            tell(outcome)
        totals.written = not (dry_run or (strict and totals.refusals))
        transaction.set_rollback(not totals.written)
    return totals


class _Vocabulary:
    """An organisation's words, found whatever their case and spacing."""

    def __init__(self, model: type[Term], organisation: Organisation) -> None:
        self.model = model
        self.organisation = organisation
        self.terms: dict[str, Term] = {}
        for term in model._default_manager.filter(organisation=organisation):
            self._learn(term)

    def find(self, name: str) -> Term | None:
        return self.terms.get(name) or self.terms.get(_folded(name))

    def add(self, name: str) -> Term:
        term = self.model._default_manager.create(organisation=self.organisation, name=name)
        self._learn(term)
        return term

    def _learn(self, term: Term) -> None:
        self.terms[term.name] = term
        self.terms.setdefault(_folded(term.name), term)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


class _Importer:
    """One run: the project's words and mechanisms, and which numbers the file has used so far."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.project_name = ""
        self.mechanisms = {natural_key(mechanism.reference): mechanism for mechanism in project.mechanisms.all()}
        self.vocabularies = {name: _Vocabulary(model, project.organisation) for name, model in VOCABULARIES.items()}
        self.claims: dict[tuple[str, str], tuple[int, int]] = {}

    def outcomes(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            for row in batch:
                self._claim(row)
            stored = self._stored(batch)
            new: list[Obligation] = []
            yield from [self._settle(row, stored, new) for row in batch]
            Obligation.objects.bulk_create(new)

    def _claim(self, row: Row) -> None:
        """Refuse a number that an earlier row of the file has.

        The first row keeps the number even if it is refused itself: were the second stored in its place, the corrected
        first row would overwrite it on the next import. Which of two different texts is meant cannot be told, and one
        that says the same adds nothing.
        """
        mechanism, number = row.values.get("mechanism"), row.values.get("number")
        if not mechanism or not number:
            return
        said = hash((*row.cells.values(), *row.extra.values()))
        line, first_said = self.claims.setdefault((natural_key(mechanism), compact(number)), (row.line, said))
        if line == row.line:
            return
        if said == first_said:
            row.refuse("number", f"the row repeats line {line} word for word", "delete it, nothing is lost with it")
        else:
            row.refuse("number", f"line {line} has this number too, with other words", "give each its own number")

    def _stored(self, batch: list[Row]) -> dict[tuple[int, str], Obligation]:
        """Fetch the obligations that the batch may be about, by mechanism and number."""
        keys = {natural_key(row.values["number"]) for row in batch if row.values.get("number")}
        found = Obligation.objects.filter(
            mechanism__in=[mechanism.pk for mechanism in self.mechanisms.values()], sort_key__in=keys
        )
        return {(obligation.mechanism_id, compact(obligation.number)): obligation for obligation in found}

    def _settle(self, row: Row, stored: dict[tuple[int, str], Obligation], new: list[Obligation]) -> Outcome:
        if row.refused:
            return Outcome(row, Result.REFUSED)
        values = self._resolved(row)
        existing = stored.get((values["mechanism_id"], compact(values["number"])))
        if existing:
            return self._update(row, existing, values)
        values["extra"] = {name: text for name, text in row.extra.items() if text}
        new.append(Obligation(project=self.project, sort_key=natural_key(values["number"]), **values))
        return Outcome(row, Result.WARNED if row.findings else Result.ACCEPTED)

    def _resolved(self, row: Row) -> dict[str, Any]:
        """Return the row's values with the keys of what they name."""
        values = dict(row.values)
        self._check_project(row, values.pop("project", ""))
        values["mechanism_id"] = self._mechanism(row, values.pop("mechanism")).pk
        for name in VOCABULARIES:
            if name in values:
                word = values.pop(name)
                values[f"{name}_id"] = self._term(row, name, word).pk if word else None
        return values

    def _check_project(self, row: Row, name: str) -> None:
        if not self.project_name and name:
            self.project_name = name
            if name != self.project.name:
                row.warn("project", "the file's rows go to a project that has another name here", self.project.name)
        elif name and name != self.project_name:
            row.warn("project", "the rows above name another project; this name is kept with the obligation", name)
            row.extra[row.names["project"]] = name

    def _mechanism(self, row: Row, reference: str) -> Mechanism:
        known = self.mechanisms.get(natural_key(reference))
        if known is None:
            kind, certain = kind_of(reference)
            known = Mechanism.objects.create(
                project=self.project,
                reference=reference,
                short=(reference.replace(" ", "") if certain else reference)[:40],
                kind=kind,
            )
            self.mechanisms[natural_key(reference)] = known
            doubt = "" if certain else "; its name does not tell its kind, so check it"
            row.warn("mechanism", f"a new mechanism, as {known.get_kind_display()}{doubt}", reference)
        elif known.reference != reference:
            row.warn("mechanism", "another spelling of a known mechanism", known.reference)
        return known

    def _term(self, row: Row, vocabulary: str, name: str) -> Term:
        words = self.vocabularies[vocabulary]
        term = words.find(name)
        if term is None:
            term = words.add(name)
            row.warn(vocabulary, f"a new {words.model._meta.verbose_name}", name)
        elif term.name != name:
            row.warn(vocabulary, f"another spelling of a known {words.model._meta.verbose_name}", term.name)
        return term

    def _update(self, row: Row, existing: Obligation, values: dict[str, Any]) -> Outcome:
        values["extra"] = {name: text for name, text in {**existing.extra, **row.extra}.items() if text}
        differences = {name: value for name, value in values.items() if getattr(existing, name) != value}
        if not differences:
            return Outcome(row, Result.UNCHANGED)
        for name, value in differences.items():
            field = name.removesuffix("_id")
            before = getattr(existing, field)
            setattr(existing, name, value)
            row.warn(field, "changed", getattr(existing, field), before=before)
        existing.version += 1
        existing.updated_at = timezone.now()
        existing.save()
        return Outcome(row, Result.UPDATED)
