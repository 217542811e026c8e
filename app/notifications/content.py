"""What a mail says, before it is text or HTML; and the same as plain text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

WIDTH = 76


@dataclass(frozen=True)
class Row:
    """A line of a list, with the address of its page."""

    text: str
    detail: str
    url: str
    is_late: bool = False


@dataclass(frozen=True)
class Section:
    """A list under its heading; `more` rows are counted, not named."""

    heading: str
    rows: tuple[Row, ...]
    more: int = 0


@dataclass(frozen=True)
class Content:
    """What a mail says.

    Args:
        subject: of the mail, in one line.
        headline: what matters, in a few words.
        is_late: whether the headline is about something late.
        title: what it is about.
        text: what somebody wrote, or what else there is to say; may have several paragraphs.
        facts: names and values.
        sections: lists.
        link: the page on which to go on, and what it is called.
        why: why the reader gets this mail.
        off: where mails of the kind are switched off; empty if they cannot be.
        choices: the page of the reader's choices.
    """

    subject: str
    headline: str
    title: str
    link: tuple[str, str]
    why: str
    choices: str
    is_late: bool = False
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    off: str = ""


def how_far(left: int) -> str:
    """Return how far a date is: `Due in 7 days`, `Due tomorrow`, `Due today`, `1 day late`."""
    if left > 1:
        return f"Due in {left} days"
    if left >= 0:
        return "Due tomorrow" if left else "Due today"
    return f"{-left} day{'' if left == -1 else 's'} late"


def as_text(content: Content) -> str:
    """Return the mail as plain text, in lines that a terminal shows whole; addresses are never broken."""
    parts = [_wrapped(content.headline), _wrapped(content.title)]
    if content.text:
        parts.append("\n\n".join(_wrapped(paragraph) for paragraph in content.text.splitlines() if paragraph.strip()))
    if content.facts:
        width = max(len(name) for name, _ in content.facts) + 2
        parts.append("\n".join(_fact(f"{name}:", value, width) for name, value in content.facts))
    parts += [_section(section) for section in content.sections]
    url, label = content.link
    parts.append(f"{label}:\n{url}")
    footer = [_wrapped(content.why), f"What you are told by mail: {content.choices}"]
    if content.off:
        footer.append(f"No more mails of this kind: {content.off}")
    return "\n\n".join(part for part in parts if part) + "\n\n-- \n" + "\n".join(footer) + "\n"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _fact(name: str, value: str, width: int) -> str:
    return textwrap.fill(
        f"{name:<{width}}{value}", WIDTH, subsequent_indent=" " * width, break_long_words=False, break_on_hyphens=False
    )


def _section(section: Section) -> str:
    lines = [section.heading, "-" * len(section.heading)]
    for row in section.rows:
        lines += [_wrapped(f"* {row.text}"), _wrapped(row.detail, "  "), f"  {row.url}"]
    if section.more:
        lines.append(f"and {section.more} more.")
    return "\n".join(lines)
