"""What a cell means. Each reader returns the value to store, or raises Refused, and notes what it changed.

A cell is taken as it stands or not at all: whatever a reader stores that does not read like the cell is noted, and what
it cannot understand is refused together with what to write instead. Nothing is guessed.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from registers.importing.literal import unmark
from registers.importing.words import FREQUENCIES, PLACES, STATUSES, Words

Note = Callable[[str], None]

# A date further away than this is a typing error, such as 2107 for 2027.
FURTHEST = timedelta(days=50 * 365.25)

# What exports and formulas leave behind where nothing stands.
_POLLUTION = {"null", "nan", "#n/a", "0.0"}
# What people write where nothing stands. In a text it may be the answer, so there it is kept.
_NOTHING = _POLLUTION | {"none", "n/a", "na", "-"}

_YES = {"yes", "true", "y", "1"}
_NO = {"no", "false", "n", "0"}
# As good as the word itself; a figure is noted.
_PLAIN = (_YES | _NO) - {"1", "0"}
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+[a-z]{{2,63}}", re.ASCII | re.IGNORECASE)
_LIKE_A_DAY = re.compile(r"\d+[-/]\d+[-/]\d+")
_WHOLE = re.compile(r"-?\d{1,4}", re.ASCII)
# What one line with single spaces does not have.
_UNEVEN = re.compile(r"[^\S ]|\s{2}")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

_AMBIGUOUS = re.compile(r"bi[- ]?(annual(ly)?|month(ly)?|week(ly)?)")


@dataclass
class Refused(Exception):
    """A cell cannot be stored; `remedy` says what to write instead."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


def _bare(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word.casefold())


def choice(what: str, known: Words) -> Callable[[str, Note], str]:
    """Return a reader for one of the known words, whatever its case, hyphens and underscores."""
    meanings = {_bare(word): (value, words[0]) for value, words in known.items() for word in words}
    remedy = "write one of: " + ", ".join(words[0] for words in known.values())

    def read(cell: str, note: Note) -> str:
        word = _bare(_fact(cell, note))
        if not word:
            return ""
        if word not in meanings:
            raise Refused(f"not a known {what}", remedy)
        value, name = meanings[word]
        if word != _bare(name):
            note(f"another word for {name}")
        return value

    return read


# Each returns nothing for an empty cell.
optional_status = choice("status", STATUSES)
place = choice("place", PLACES)
_plain_frequency = choice("frequency", FREQUENCIES)


def text(cell: str, note: Note) -> str:
    """Return the text with the line breaks and spaces inside it; what an export left in an empty cell is left out.

    Raises:
        Refused: no database holds it.
    """
    if "\0" in cell:
        raise Refused("it holds a character without a meaning (NUL)", "write the text anew")
    literal = unmark(cell, text_changes)
    if literal is not None:
        note("the apostrophe only says that it is text")
        return literal
    stripped = cell.strip()
    if stripped.casefold() in _POLLUTION:
        note("an export's mark for an empty cell")
        return ""
    if stripped and stripped != cell:
        note("the spaces around it were left out")
    return stripped


def text_changes(value: str) -> bool:
    """Return whether reading a cell with this text gives another text."""
    return value != value.strip() or value.casefold() in _POLLUTION


def term(cell: str, note: Note, *, longest: int = 255) -> str:
    """Return a text of limited length, such as a word of a vocabulary; it may stand on several lines.

    Raises:
        Refused: it is longer than `longest` characters.
    """
    return _not_longer(text(cell, note), longest)


def label(cell: str, note: Note, *, longest: int) -> str:
    """Return a name or number, on one line.

    Raises:
        Refused: it is longer than `longest` characters.
    """
    literal = unmark(cell, label_changes)
    if literal is not None:
        note("the apostrophe only says that it is text")
        return _not_longer(literal, longest)
    value = text(cell, note)
    if label_changes(value):
        value = " ".join(value.split())
        note("line breaks and double spaces became single spaces")
    return _not_longer(value, longest)


def label_changes(value: str) -> bool:
    """Return whether reading a cell with this name gives another one."""
    return text_changes(value) or bool(_UNEVEN.search(value))


def whole(cell: str, note: Note) -> int | None:
    """Return a whole number, or None for an empty cell.

    Raises:
        Refused: it is something else.
    """
    value = _fact(cell, note)
    if value and not _WHOLE.fullmatch(value):
        raise Refused("not a whole number", "write one of up to four digits, such as 3")
    return int(value) if value else None


def listed(what: str, known: tuple[str, ...]) -> Callable[[str, Note], str]:
    """Return a reader for several of the known names, with commas between them."""

    def read(cell: str, note: Note) -> str:
        names = [name for name in re.split(r"[,;\s]+", _fact(cell, note).upper()) if name]
        if strange := [name for name in names if name not in known]:
            raise Refused(f"{strange[0]} is no {what}", f"write some of: {', '.join(known)}")
        return ",".join(names)

    return read


def boolean(cell: str, note: Note) -> bool:
    """Return a yes or no; an empty cell is a no, and noted."""
    value = yes_no_unknown(cell, note)
    if value is None:
        note("an empty cell counts as no")
    return bool(value)


def yes_no_unknown(cell: str, note: Note) -> bool | None:
    """Return a yes, a no, or None for an empty cell.

    Raises:
        Refused: it is another word.
    """
    word = _fact(cell, note).casefold()
    if not word:
        return None
    if word not in _YES | _NO:
        raise Refused("neither yes nor no", "write Yes or No")
    if word not in _PLAIN:
        note("another way to say yes" if word in _YES else "another way to say no")
    return word in _YES


def status(cell: str, note: Note) -> str:
    """Return a status; an empty cell means not started, and is noted."""
    value = optional_status(cell, note)
    if not value:
        note("an empty cell counts as not started")
    return value or "not_started"


def frequency(cell: str, note: Note) -> str:
    """Return how often, or nothing for an empty cell.

    Raises:
        Refused: the word is unknown or has two meanings; a default would be a duty missed.
    """
    if _AMBIGUOUS.fullmatch(cell.strip().casefold()):
        raise Refused(
            "it may mean twice in a period or once in two",
            "write what is meant: six-monthly, every two years, fortnightly, …",
        )
    return _plain_frequency(cell, note)


def email(cell: str, note: Note) -> str:
    """Return an email address in lower case, or nothing.

    Raises:
        Refused: it is something else.
    """
    value = _not_longer(_fact(cell, note), 254)
    if value and not _EMAIL.fullmatch(value):
        raise Refused("not an email address", "write one, such as kim@example.com, or leave the cell empty")
    if value != value.lower():
        note("an address is stored in lower case")
    return value.lower()


def day(cell: str, note: Note) -> date | None:
    """Return a date written as 2027-01-31, with or without a time, or as 31/01/2027; nothing for an empty cell.

    Raises:
        Refused: no such day exists, or it is written in another way.
    """
    value = _fact(cell, note)
    if not value:
        return None
    found = _iso_day(value, note) or _slashed_day(value, note)
    if found is None:
        problem = "there is no such day" if _LIKE_A_DAY.match(value) else "not a date"
        raise Refused(problem, "write year-month-day, such as 2027-01-31")
    return found


def check_year(found: date, *anchors: date) -> None:
    """Tell a mistyped year from a real one.

    Raises:
        Refused: the date lies more than fifty years from every one of the anchors.
    """
    if any(abs(found - anchor) <= FURTHEST for anchor in anchors):
        return
    direction = "after" if found > max(anchors) else "before"
    whose = "the mechanism's issue date or today" if len(anchors) > 1 else "today"
    raise Refused(
        f"more than 50 years {direction} {whose}",
        f"write the intended year, e.g. {_likely(found, max(anchors))}",
    )


def _likely(found: date, today: date) -> date:
    """Return the day in the next year that shares its last digit with the mistyped one, such as 2027 for 2107."""
    year = today.year + (found.year - today.year) % 10
    is_day = found.month != 2 or found.day != 29 or isleap(year)
    return found.replace(year=year, day=found.day if is_day else 28)


def _fact(cell: str, note: Note) -> str:
    """Return what stands in a cell that holds one thing, where `N/A` can only mean that there is none."""
    value = text(cell, note)
    if value.casefold() in _NOTHING:
        note("it stands for an empty cell")
        return ""
    return value


def _not_longer(value: str, longest: int) -> str:
    if len(value) > longest:
        raise Refused(f"its {len(value)} characters are too many", f"shorten it to {longest}")
    return value


def _iso_day(value: str, note: Note) -> date | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.time() != found.min.time():
        note("the time of day was left out")
    return found.date()


def _slashed_day(value: str, note: Note) -> date | None:
    match = _SLASHED.fullmatch(value)
    if match is None:
        return None
    first, second, year = (int(part) for part in match.groups())
    try:
        found = date(year, second, first)
    except ValueError:
        return None
    if first <= 12 and first != second:
        note("read with the day before the month")
    return found
