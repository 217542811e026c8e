"""What people say about an obligation, and whom they mention."""

from __future__ import annotations

import re
from collections.abc import Iterable

from accounts.models import User
from audit.services import Entry, changing, record
from django.core.exceptions import ValidationError

from obligations.models import Comment, Obligation, Occurrence
from obligations.services.authorising import require

LONGEST = 10_000


def comment_add(*, actor: User, obligation: Obligation, text: str, occurrence: Occurrence | None = None) -> Comment:
    """Add a comment, which is never changed afterwards; people of the project whom it mentions find it in their work.

    Args:
        actor: who says it; needs `comment.add` in the project.
        obligation: what it is about.
        text: plain text, in which `@` and the name or email address of a person mentions them.
        occurrence: of that obligation, if it is about one in particular.

    Raises:
        PermissionDenied: the actor may not comment here.
        ValidationError: it says nothing, is too long, or the occurrence is of another obligation.
    """
    require(actor, "comment.add", obligation, occurrence)
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError({"text": "Write something first."})
    if len(text) > LONGEST:
        raise ValidationError({"text": f"Say it in {LONGEST} characters, or add the rest as another comment."})
    if occurrence is not None and occurrence.obligation_id != obligation.pk:
        raise ValidationError("That is due for another obligation.")
    with changing(obligation.project.organisation):
        comment = Comment.objects.create(obligation=obligation, occurrence=occurrence, author=actor, text=text)
        people = mentioned(text, obligation.project.people())
        comment.mentions.set(people)
        changes = {"text": ("", text), "mentions": ([], [str(person) for person in people])}
        entry = Entry("comment.add", comment, obligation.project_id, topic=obligation, changes=changes)
        record(obligation.project.organisation, actor, entry)
    return comment


def mentioned(text: str, people: Iterable[User]) -> list[User]:
    """Return those of the people whom a text mentions by `@` and their email address or whole name.

    Of two people by names such as Kim Lee and Kim Lee Wong the longer name counts where it stands.
    """
    called = [(name, person) for person in people for name in {person.email, person.name} if name]
    if not called:
        return []
    by_name: dict[str, list[User]] = {}
    for name, person in called:
        by_name.setdefault(name.casefold(), []).append(person)
    names = sorted(by_name, key=len, reverse=True)
    at = re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, names))})(?![\w-])", re.IGNORECASE)
    found = {person.pk: person for match in at.finditer(text) for person in by_name.get(match[1].casefold(), [])}
    return list(found.values())
