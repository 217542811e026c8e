"""Writing the mails: what each says is decided when it is sent, from what the register says and who may see it then."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from obligations.models import Comment

from notifications.audience import People, still_hears
from notifications.content import Content, as_text, how_far
from notifications.digest import digest
from notifications.duties import Duty, duties_named, one_line
from notifications.links import absolute, choices_link, off_link
from notifications.models import Kind, Notice

logger = logging.getLogger(__name__)
MENTIONED_WORDS = 1500


# A mail, the reason for which there is none, or what went wrong with this one.
Letter = EmailMultiAlternatives | str | Exception


def compose(notices: Iterable[Notice], on: date | None = None) -> list[tuple[Notice, Letter]]:
    """Return each notice with its mail, or with the reason for which it is not sent after all.

    Takes a fixed number of queries beside those of the digests, however many there are.

    Args:
        notices: with their persons and projects.
        on: the project's day; today at each site if None.
    """
    rows = list(notices)
    people = People.of({notice.project for notice in rows})
    duties = duties_named(notice.subject for notice in rows)
    keys = [int(row.subject.partition(":")[2]) for row in rows if row.kind == Kind.MENTION]
    comments = {
        f"comment:{comment.pk}": comment
        for comment in Comment.objects.filter(pk__in=keys).select_related(
            "author", "obligation__mechanism", "obligation__project", "occurrence__project"
        )
    }
    letters: list[tuple[Notice, Letter]] = []
    for notice in rows:
        here, day = people[notice.project_id], on or notice.project.today
        try:
            said = _say(notice, here, duties.get(notice.subject), comments.get(notice.subject), day)
            letters.append((notice, said if isinstance(said, str) else message(notice, said)))
        except Exception as error:  # whatever is wrong with one mail must not keep the others
            logger.exception("Notice %s cannot be written", notice.pk)
            letters.append((notice, error))
    return letters


def _say(notice: Notice, people: People, duty: Duty | None, comment: Comment | None, on: date) -> Content | str:
    if notice.person not in people.roles:
        return "The person may not see the project any more."
    if notice.kind == Kind.DIGEST:
        return digest(notice, people, on)
    if notice.kind == Kind.MENTION:
        return _mention(notice, people, comment)
    return _reminder(notice, people, duty, on)


def message(notice: Notice, content: Content) -> EmailMultiAlternatives:
    """Return the mail, as plain text and as HTML, with its Message-ID and the way out of it (RFC 2369, RFC 8058)."""
    headers = {
        "Message-ID": notice.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if content.off:
        headers |= {"List-Unsubscribe": f"<{content.off}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(content.subject, as_text(content), to=[notice.person.email], headers=headers)
    mail.attach_alternative(render_to_string("notifications/mail/mail.html", {"content": content}), "text/html")
    return mail


def _reminder(notice: Notice, people: People, duty: Duty | None, on: date) -> Content | str:
    if duty is None or not duty.is_open:
        return "It is done, suspended or gone."
    if notice.due_date not in duty.dates:
        return "It has another date now."
    if not still_hears(notice.person, notice.kind, notice.step, duty, people):
        return "It does not concern the person any more, or they do not want such mails."
    left = (notice.due_date - on).days
    responsible = people.responsible(duty)
    is_theirs = notice.person in responsible
    facts = [*_dates(duty, on), *duty.facts]
    if not is_theirs or notice.person.pk not in duty.people:
        facts.append(("Responsible", ", ".join(map(str, responsible)) if _has_owner(duty, people) else "Nobody"))
    return Content(
        subject=one_line(f"{how_far(left)}: {duty.code} {duty.title}"),
        headline=how_far(left),
        is_late=left < 0,
        title=f"{duty.code} {duty.title}",
        facts=(("Project", notice.project.name), *facts),
        link=(absolute(duty.path), "Open it in Enssol"),
        why=_why(notice, duty, people, is_theirs=is_theirs),
        choices=choices_link(),
        off="" if notice.kind == Kind.REGULATOR and is_theirs else off_link(notice.person.pk, notice.kind),
    )


def _dates(duty: Duty, on: date) -> list[tuple[str, str]]:
    names = ("Due",) if len(duty.dates) == 1 else ("Internal target", "Due")
    if duty.kind == Kind.INSPECTION:
        names = ("Planned for",)
    return [
        (name, f"{day:%A %-d %B %Y}")
        for name, day in zip(names, duty.dates, strict=True)
        if day >= on or day == duty.due
    ]


def _has_owner(duty: Duty, people: People) -> bool:
    return any(person.pk in duty.people for person in people.roles)


def _why(notice: Notice, duty: Duty, people: People, *, is_theirs: bool) -> str:
    if notice.kind == Kind.REGULATOR and is_theirs:
        return (
            "You get this because it is on you to tell the regulator. Mails about that clock cannot be switched off: "
            "it stops when the notification is recorded."
        )
    if is_theirs and notice.person.pk in duty.people:
        return "You get this because you are responsible for it."
    if is_theirs:
        return "You get this because nobody of the project is responsible for it, and you manage the project."
    if notice.kind == Kind.REGULATOR:
        return "You get this because a regulator has to be told, and you answer for the project."
    return "You get this because it is late and you answer for the project."


def _mention(notice: Notice, people: People, comment: Comment | None) -> Content | str:
    if comment is None:
        return "The comment is gone."
    if not people.choices_of(notice.person).wants(Kind.MENTION):
        return "The person does not want such mails."
    where = comment.occurrence or comment.obligation
    said = comment.text if len(comment.text) <= MENTIONED_WORDS else f"{comment.text[:MENTIONED_WORDS].rstrip()}…"
    return Content(
        subject=one_line(f"{comment.author} named you: {comment.obligation.code}"),
        headline=f"{one_line(str(comment.author))} named you in a comment",
        title=one_line(str(where)),
        text=said,
        facts=(("Project", notice.project.name),),
        link=(absolute(f"{where.get_absolute_url()}#timeline"), "Read and answer in Enssol"),
        why="You get this because the comment names you with an @.",
        choices=choices_link(),
        off=off_link(notice.person.pk, Kind.MENTION),
    )
