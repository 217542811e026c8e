"""Changing words that obligations use: renaming them, and making one of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from accounts.models import User
from audit.services import Entry, changing, record_many
from django.core.exceptions import ValidationError
from django.db.models import Count, F
from django.utils import timezone
from registers.models import Aspect, ObligationType, Party, Phase, Project, ProjectPhase, ResponsibleRole, Word
from registers.querysets import can
from registers.services.changing import note, require, store
from registers.services.terms import refuse_twin

from obligations.models import Obligation
from obligations.services.moves import follow


class Vocabulary(NamedTuple):
    """A vocabulary: its name for people, what its words are for, and where obligations hold them."""

    label: str
    purpose: str
    model: type[Word]
    field: str


# By the name in addresses.
KINDS: Mapping[str, Vocabulary] = {
    "aspects": Vocabulary("Environmental aspects", "What it is about, such as dust.", Aspect, "aspect"),
    "types": Vocabulary("Types", "What kind of duty it is, such as monitoring.", ObligationType, "obligation_type"),
    "phases": Vocabulary("Project phases", "When it applies, such as construction.", Phase, "phase"),
    "roles": Vocabulary("Responsibilities", "Who does the work, by position.", ResponsibleRole, "responsible_role"),
    "parties": Vocabulary("Accountabilities", "Who answers for it.", Party, "accountability"),
}


def use_counts(project: Project, kind: Vocabulary) -> dict[int, int]:
    """Return for each word in use the number of obligations that use it, in all of the organisation's projects."""
    used = Obligation.objects.filter(project__organisation=project.organisation).order_by().values_list(kind.field)
    return {key: number for key, number in used.annotate(number=Count("pk")) if key is not None}


def term_rename(*, actor: User, project: Project, kind: Vocabulary, term: Word, name: str) -> None:
    """Call a word something else wherever it is used.

    Raises:
        PermissionDenied: the actor may not manage vocabularies.
        ValidationError: there is such a word already, or projects use it in which the actor may not manage words.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        current = kind.model._default_manager.select_for_update().get(pk=term.pk)
        refuse_twin(current, name)
        _require_everywhere(actor, kind, current)
        note(actor, project, "term.rename", current, changes=store(current, {"name": name}))


def term_merge(*, actor: User, project: Project, kind: Vocabulary, term: Word, into: Word) -> int:
    """Let every obligation that uses a word use another one, and delete the word.

    Args:
        actor: who does it; needs `vocabulary.manage` in every project that uses the word.
        project: in which the actor works.
        kind: the vocabulary of both words.
        term: the word that goes.
        into: the word that stays.

    Returns:
        how many obligations use another word now.

    Raises:
        PermissionDenied: the actor may not manage vocabularies.
        ValidationError: it is one word, projects use it in which the actor may not manage words, or both are phases
            with dates in one project.
    """
    require(actor, "vocabulary.manage", project)
    if term.pk == into.pk:
        raise ValidationError({"into": f"“{term}” cannot be merged into itself: choose another word."})
    with changing(project.organisation):
        terms = kind.model._default_manager.select_for_update().filter(organisation=project.organisation)
        term, into = terms.get(pk=term.pk), terms.get(pk=into.pk)
        _require_everywhere(actor, kind, term)
        users = list(Obligation.objects.filter(**{kind.field: term}).select_related("mechanism", "project"))
        rows = Obligation.objects.filter(pk__in=[one.pk for one in users])
        Obligation.objects.filter(**{kind.field: term}).update(
            **{kind.field: into}, version=F("version") + 1, updated_at=timezone.now()
        )
        if isinstance(term, Phase) and isinstance(into, Phase):
            _merge_dates(term, into)
            for there in {one.project for one in users}:
                follow(rows.filter(project=there), there.today)
        changes = {kind.field: (term.name, into.name)}
        entries = [Entry("obligation.change", one, one.project_id, changes=changes) for one in users]
        merged = {"merged": (term.name, into.name), "obligations": (len(users), len(users))}
        entries.append(Entry("term.merge", into, project.pk, changes=merged))
        record_many(project.organisation, actor, entries)
        term.delete()
    return len(users)


def _require_everywhere(actor: User, kind: Vocabulary, term: Word) -> None:
    used_in = Project.objects.filter(obligations__in=Obligation.objects.filter(**{kind.field: term})).distinct()
    if not all(can(actor, "vocabulary.manage", there) for there in used_in.select_related("organisation")):
        raise ValidationError(
            f"Projects that you do not manage use “{term}” too: ask an administrator of the organisation."
        )


def _merge_dates(term: Phase, into: Phase) -> None:
    """Give the phase that stays the dates of the one that goes, where it has none."""
    for dates in ProjectPhase.objects.filter(phase=term).select_related("project"):
        if ProjectPhase.objects.filter(phase=into, project=dates.project).exists():
            raise ValidationError(
                {"into": f"In {dates.project} both have dates: remove those of one in its calendar first."}
            )
        dates.phase = into
        dates.save(update_fields=["phase"])
