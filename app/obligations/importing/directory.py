"""What a project's rows may name: its mechanisms and conditions, the words of its organisation, its people."""

from __future__ import annotations

from accounts.models import Organisation, User
from django.db.models import Q
from registers.importing.mechanisms import kind_of
from registers.models import Condition, Mechanism, Milestone, Project, Term
from registers.sorting import compact, natural_key

from obligations.models import VOCABULARIES


class Vocabulary:
    """An organisation's words, found whatever their case and spacing."""

    def __init__(self, model: type[Term], organisation: Organisation) -> None:
        self.model = model
        self.organisation = organisation
        self._terms: dict[str, Term] = {}
        for term in model._default_manager.filter(organisation=organisation):
            self._learn(term)

    def find(self, name: str) -> Term | None:
        return self._terms.get(name) or self._terms.get(_folded(name))

    def propose(self, name: str) -> Term:
        """Return a new word, which is not stored yet, and know it from now on."""
        term = self.model(organisation=self.organisation, name=name)
        self._learn(term)
        return term

    def _learn(self, term: Term) -> None:
        self._terms[term.name] = term
        self._terms.setdefault(_folded(term.name), term)


class Directory:
    """Finds what is there, and proposes what is not: unsaved, and known from then on."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.vocabularies = {name: Vocabulary(model, project.organisation) for name, model in VOCABULARIES.items()}
        self._mechanisms = {natural_key(one.reference): one for one in project.mechanisms.all()}
        for one in self._mechanisms.values():
            one.project = project
        self._milestones = {one.name: one for one in project.milestones.all()}
        self._conditions = {
            (natural_key(one.mechanism.reference), compact(one.number)): one
            for one in Condition.objects.filter(mechanism__project=project)
            .filter(Q(ended_on=None))
            .select_related("mechanism")
        }
        self._people = {person.email.lower(): person for person in project.people()}

    @property
    def known(self) -> list[int]:
        """The keys of the mechanisms that are stored."""
        return [one.pk for one in self._mechanisms.values() if one.pk]

    def mechanism(self, reference: str) -> tuple[Mechanism, bool]:
        """Return the mechanism, however it is spelt, and whether it was known."""
        known = self._mechanisms.get(natural_key(reference))
        if known is not None:
            return known, True
        kind, certain = kind_of(reference)
        new = self._mechanisms[natural_key(reference)] = Mechanism(
            project=self.project,
            reference=reference,
            short=(reference.replace(" ", "") if certain else reference)[:40],
            kind=kind,
        )
        return new, False

    def condition(self, mechanism: Mechanism, number: str) -> tuple[Condition, bool]:
        """Return the current condition of a mechanism with that number, and whether it was known."""
        key = natural_key(mechanism.reference), compact(number)
        known = self._conditions.get(key)
        if known is None:
            known = self._conditions[key] = Condition(mechanism=mechanism, number=number)
            return known, False
        return known, True

    def milestone(self, name: str) -> tuple[Milestone, bool]:
        """Return the project's milestone of that name, and whether it was known."""
        known = self._milestones.get(name)
        if known is None:
            known = self._milestones[name] = Milestone(project=self.project, name=name)
            return known, False
        return known, True

    def person(self, email: str) -> User | None:
        """Return the person with that address if they belong to the project."""
        return self._people.get(email.lower())


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
