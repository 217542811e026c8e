"""Comparing a file's rows with the register: what each would add or change. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from accounts.models import User
from django.core.exceptions import ValidationError
from registers.importing.columns import RULE
from registers.importing.mechanisms import kind_of
from registers.importing.rows import Row
from registers.models import Mechanism, Project
from registers.querysets import can
from registers.sorting import compact, natural_key

from obligations.importing.directory import Directory
from obligations.importing.facts import PEOPLE, RELATED, SAID, facts_of, in_words, rule_facts, rule_said
from obligations.importing.results import Outcome, Result
from obligations.models import VOCABULARIES, Obligation, RecurrenceRule
from obligations.recurrence.words import describe
from obligations.services.reading_rules import event_of, rule_of
from obligations.services.restating import STANDING, Said, plan, rule_by_word
from obligations.services.rules import rule_check

# Rows that are read and compared together: enough to make few queries, few enough to keep memory flat.
BATCH = 500
# They say when and in which project, and stand apart.
_APART = {"project", "mechanism", "lifecycle", *STANDING}


class Comparison:
    """One pass over a file: the project's words, and which numbers the file has used so far.

    Args:
        project: where the rows belong.
        actor: who imports; None for the person at the server's console.
    """

    def __init__(self, project: Project, actor: User | None) -> None:
        self.project = project
        self.directory = Directory(project)
        self.may_decide = actor is None or can(actor, "occurrence.close", project)
        self._project_name = ""
        self._claims: dict[int, tuple[int, int]] = {}

    def chunks(self, rows: Iterable[Row]) -> Iterator[list[Outcome]]:
        """Yield what becomes of the rows, some hundred at a time."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            for row in batch:
                self._claim(row)
            stored = self._stored(batch)
            yield [self._settle(row, stored) for row in batch]

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
        # Hashes, not texts: of 100 000 rows only these stay in memory.
        key = hash((natural_key(mechanism), compact(number)))
        line, first_said = self._claims.setdefault(key, (row.line, said))
        if line == row.line:
            return
        if said == first_said:
            row.refuse("number", f"the row repeats line {line} word for word", "delete it, nothing is lost with it")
        else:
            row.refuse("number", f"line {line} has this number too, with other words", "give each its own number")

    def _stored(self, batch: list[Row]) -> dict[tuple[int, str], Obligation]:
        """Fetch the obligations that the batch may be about, by mechanism and number."""
        keys = {natural_key(row.values["number"]) for row in batch if row.values.get("number")}
        found = Obligation.objects.filter(mechanism__in=self.directory.known, sort_key__in=keys)
        found = found.select_related(*RELATED)
        return {(obligation.mechanism_id, compact(obligation.number)): obligation for obligation in found}

    def _settle(self, row: Row, stored: dict[tuple[int, str], Obligation]) -> Outcome:
        if row.refused:
            return Outcome(row, Result.REFUSED)
        self._check_project(row)
        mechanism = self._name_mechanism(row)
        existing = stored.get((mechanism.pk, compact(row.values["number"]))) if mechanism.pk else None
        self._name_words(row)
        self._name_people(row, existing)
        self._name_condition(row, mechanism, existing)
        rule = self._name_rule(row, existing)
        if row.refused:
            return Outcome(row, Result.REFUSED)
        return self._update(row, existing, rule) if existing else self._add(row, rule)

    def _add(self, row: Row, rule: dict[str, Any] | None) -> Outcome:
        facts = {
            name: value
            for name, value in row.values.items()
            if value not in (None, "") and not name.startswith(RULE) and name != "project"
        }
        if rule:
            facts["rule"] = rule
        if extra := {name: text for name, text in row.extra.items() if text}:
            facts["extra"] = extra
        changes = {name: (None, value) for name, value in facts.items()}
        return Outcome(row, Result.WARNED if row.findings else Result.ACCEPTED, changes)

    def _update(self, row: Row, existing: Obligation, rule: dict[str, Any] | None) -> Outcome:
        stored = facts_of(existing)
        changes: dict[str, tuple[Any, Any]] = {}
        for name, value in row.values.items():
            if name in _APART or name.startswith(RULE) or _same(name, stored[name], value):
                continue
            changes[name] = (stored[name], value)
            _tell(row, name, stored[name], value)
        self._compare_extra(row, existing, changes)
        self._compare_rule(row, existing, rule, changes)
        self._compare_standing(row, existing, changes)
        if row.values.get("lifecycle") not in {None, "", existing.lifecycle}:
            row.warn("lifecycle", "an import does not change it: do so on the obligation's page, and say why there")
        if row.refused:
            return Outcome(row, Result.REFUSED)
        result = Result.UPDATED if changes else Result.UNCHANGED
        return Outcome(row, result, changes, existing.pk, existing.version)

    def _compare_extra(self, row: Row, existing: Obligation, changes: dict[str, tuple[Any, Any]]) -> None:
        before = {name: text for name, text in existing.extra.items() if text}
        after = {name: text for name, text in {**before, **row.extra}.items() if text}
        if after != before:
            changes["extra"] = (existing.extra, after)
            for name in row.extra:
                if before.get(name) != after.get(name):
                    row.warn(name, "changed", after.get(name, ""), before=before.get(name, ""))

    def _compare_rule(
        self, row: Row, existing: Obligation, rule: dict[str, Any] | None, changes: dict[str, tuple[Any, Any]]
    ) -> None:
        stored = getattr(existing, "rule", None)
        word = row.values.get("recurring_frequency", existing.recurring_frequency)
        if rule is None and word != existing.recurring_frequency and stored is not None:
            rule = rule_by_word(existing, word)
            if rule is not None:
                rule["milestone"] = ""
            else:
                row.warn("recurring_frequency", "its recurrence was set by hand, and stays", word)
                return
        if rule is not None and rule != rule_facts(stored):
            before = rule_facts(stored) if stored else None
            changes["rule"] = (before, rule)
            was = describe(rule_of(stored, existing.mechanism), event_of(stored)) if stored else ""
            row.warn("rule_basis", "changed", self._described(rule, existing), before=was)

    def _compare_standing(self, row: Row, existing: Obligation, changes: dict[str, tuple[Any, Any]]) -> None:
        said = Said.by(row.values)
        made = plan(existing, said)
        if made.note:
            row.warn("action_due_date", made.note)
        if made.decides and not self.may_decide:
            row.refuse("status", "it closes or reopens what you may not sign off", "ask an approver to import it")
        elif made.decides and self.project.organisation.four_eyes:
            row.refuse("status", "it closes or reopens what takes two people here", "submit it on its page instead")
        if not (made.rule or made.acts):
            return
        said_here = {name: row.values[name] for name in STANDING if name in row.values}
        for name, value in said_here.items():
            if value != made.before[name]:
                changes[name] = (made.before[name], value)
                _tell(row, name, *changes[name])
        changes[SAID] = (None, said_here)

    def _described(self, rule: dict[str, Any], existing: Obligation) -> str:
        unsaved = self._rule(rule)
        return describe(rule_of(unsaved, existing.mechanism), event_of(unsaved))

    def _rule(self, facts: dict[str, Any]) -> RecurrenceRule:
        milestone = self.directory.milestone(facts["milestone"])[0] if facts["milestone"] else None
        return RecurrenceRule(**(facts | {"milestone": milestone}))

    def _check_project(self, row: Row) -> None:
        name = row.values.get("project", "")
        if not self._project_name and name:
            self._project_name = name
            if name != self.project.name:
                row.warn("project", "the file's rows go to a project that has another name here", self.project.name)
        elif name and name != self._project_name:
            row.warn("project", "the rows above name another project; this name is kept with the obligation", name)
            row.extra[row.names["project"]] = name

    def _name_mechanism(self, row: Row) -> Mechanism:
        reference = row.values["mechanism"]
        mechanism, known = self.directory.mechanism(reference)
        if not known:
            doubt = "" if kind_of(reference)[1] else "; its name does not tell its kind, so check it"
            row.warn("mechanism", f"a new mechanism, as {mechanism.get_kind_display()}{doubt}", reference)
        elif mechanism.reference != reference:
            row.warn("mechanism", "another spelling of a known mechanism", mechanism.reference)
        return mechanism

    def _name_words(self, row: Row) -> None:
        for name in VOCABULARIES:
            word = row.values.get(name)
            if not word:
                continue
            vocabulary = self.directory.vocabularies[name]
            kind = vocabulary.model._meta.verbose_name
            term = vocabulary.find(word)
            if term is None:
                vocabulary.propose(word)
                row.warn(name, f"a new {kind}", word)
            elif term.name != word:
                row.warn(name, f"another spelling of a known {kind}", term.name)
                row.values[name] = term.name

    def _name_people(self, row: Row, existing: Obligation | None) -> None:
        for name in PEOPLE:
            email, stored = row.values.get(name), getattr(existing, name, None)
            if email and self.directory.person(email) is None and (stored is None or stored.email.lower() != email):
                remedy = "add the person to the project, or leave the cell empty"
                row.refuse(name, "nobody of this project has that address", remedy)
        email = row.values.get("responsible_email")
        if not email or "responsible_person" in row.values:
            return
        # Whom the register names is responsible, unless that was decided here since.
        decided = existing and existing.responsible_person and existing.responsible_email.lower() == email
        member = self.directory.person(email)
        if member and not decided:
            row.values["responsible_person"] = member.email

    def _name_condition(self, row: Row, mechanism: Mechanism, existing: Obligation | None) -> None:
        number = row.values.get("condition")
        # An obligation may stand under a condition that has ended.
        if not number or (existing and existing.condition and existing.condition.number == number):
            return
        condition, known = self.directory.condition(mechanism, number)
        row.values["condition"] = condition.number
        if not known:
            row.warn("condition", "a new condition, without its text", number)

    def _name_rule(self, row: Row, existing: Obligation | None) -> dict[str, Any] | None:
        rule = rule_said(row.values, getattr(existing, "rule", None) if existing else None)
        if rule is None:
            return None
        if rule["milestone"] and not self.directory.milestone(rule["milestone"])[1]:
            row.warn("rule_milestone", "a new milestone, without its day", rule["milestone"])
        try:
            rule_check(self._rule(rule))
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                row.refuse(f"{RULE}{name}", "the recurrence does not go together", " ".join(messages))
        return rule


def _same(name: str, stored: Any, value: Any) -> bool:
    if name in {"responsible_email", *PEOPLE}:
        return str(stored or "").lower() == str(value or "").lower()
    return bool((stored or "") == (value or "")) if isinstance(stored, str) else bool(stored == value)


def _tell(row: Row, name: str, before: Any, after: Any) -> None:
    row.warn(name, "changed", in_words(name, after), before=in_words(name, before))
