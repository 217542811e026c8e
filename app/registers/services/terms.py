"""Changes of an organisation's words that leave every obligation as it is."""

from __future__ import annotations

from typing import TypeVar

from accounts.models import Organisation, User
from audit.services import changing
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils import timezone

from registers.models import Project, Term, Word
from registers.services.changing import note, require, store

AnyTerm = TypeVar("AnyTerm", bound=Term)


def term_ensure(vocabulary: type[AnyTerm], organisation: Organisation, name: str) -> AnyTerm:
    """Return the organisation's word of that name, adding it when it is new."""
    return vocabulary._default_manager.get_or_create(organisation=organisation, name=name)[0]


def term_add(*, actor: User, project: Project, vocabulary: type[AnyTerm], name: str) -> AnyTerm:
    """Add a word to a vocabulary of the project's organisation.

    Raises:
        PermissionDenied: the actor may not manage vocabularies.
        ValidationError: the word is there already.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        term = vocabulary(organisation=project.organisation, name=name)
        refuse_twin(term, name)
        term.full_clean()
        term.save()
        note(actor, project, "term.add", term, changes={"name": ("", name)})
    return term


def term_retire(*, actor: User, project: Project, term: Word, retired: bool) -> None:
    """Offer a word to nobody any more, or again; what uses it keeps it.

    Raises:
        PermissionDenied: the actor may not manage vocabularies.
    """
    require(actor, "vocabulary.manage", project)
    with changing(project.organisation):
        said = store(term, {"retired_at": timezone.now() if retired else None})
        note(actor, project, "term.retire" if retired else "term.bring_back", term, changes=said)


def term_delete(*, actor: User, project: Project, term: Term) -> None:
    """Delete a word that nothing uses.

    Raises:
        PermissionDenied: the actor may not manage vocabularies.
        ValidationError: the word is in use.
    """
    require(actor, "vocabulary.manage", project)
    try:
        with changing(project.organisation):
            note(actor, project, "term.delete", term, changes={"name": (term.name, "")})
            term.delete()
    except ProtectedError as error:
        raise ValidationError(
            f"“{term}” is in use: merge it into another word, or choose another word where it is used."
        ) from error


def refuse_twin(term: Term, name: str) -> None:
    """See that no other word of the vocabulary has the name, whatever its case.

    Raises:
        ValidationError: one has.
    """
    others = type(term)._default_manager.filter(organisation=term.organisation).exclude(pk=term.pk)
    twin = others.filter(name__iexact=name.strip()).first()
    if twin:
        raise ValidationError(f"There is “{twin}” already: choose another word, or merge the two.")
