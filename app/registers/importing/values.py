"""What a cell means. Each reader returns the value to store, or raises Refused, and notes what it changed.

A cell is taken as it stands or not at all: whatever a reader stores that differs in meaning from what it read is noted,
and what it cannot understand is refused together with what to write instead. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# Dates further away than this are typing errors, such as 2107 for 2027.
FURTHEST = timedelta(days=50 * 365)

# Words that spreadsheets and exports write where nothing stands.
_NOTHING = {"null", "none", "nan", "n/a", "na", "#n/a"}
_TRUE = {"true", "yes", "y", "1"}
_FALSE = {"false", "no", "n", "0", ""}
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

STATUSES = {
    "": "not_started",
    "not started": "not_started",
    "in progress": "in_progress",
    "completed": "completed",
    "complete": "completed",
}
FREQUENCIES = {
    "daily": "daily",
    "weekly": "weekly",
    "fortnightly": "fortnightly",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "six-monthly": "six_monthly",
    "every 6 months": "six_monthly",
    "half-yearly": "six_monthly",
    "annually": "annually",
    "annual": "annually",
    "yearly": "annually",
    "every two years": "biennial",
    "every 2 years": "biennial",
    "biennial": "biennial",
    "biennially": "biennial",
    "as required": "as_required",
    "mobilisation": "mobilisation",
    "decommissioning": "decommissioning",
    "extreme weather": "extreme_weather",
    "incident": "incident",
}
# The word that is written for each value; another word for it is noted.
_CANONICAL = {
    "six_monthly": "six-monthly",
    "annually": "annually",
    "biennial": "every two years",
    "completed": "completed",
}
_AMBIGUOUS = re.compile(r"bi-?\s?(annual(ly)?|month(ly)?|week(ly)?)")
PLACES = {"": "", "site": "site", "desktop": "desktop"}

Note = Callable[[str], None]


@dataclass
class Refused(Exception):
    """A cell cannot be stored; `remedy` says what to write instead."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


def text(cell: str, note: Note) -> str:
    """Return the text as it stands, line breaks included; the marks of an empty cell become empty, noted."""
    stripped = cell.strip()
    if stripped.casefold() in _NOTHING or stripped == "0.0":
        note(f"{stripped!r} was read as an empty cell")
        return ""
    if stripped != cell:
        note("spaces around the text were left out")
    return stripped


def line(cell: str, note: Note, *, longest: int = 255) -> str:
    """Return a short text.

    Raises:
        Refused: it is longer than `longest` characters.
    """
    value = text(cell, note)
    if len(value) > longest:
        raise Refused(f"{len(value)} characters are too many", f"shorten it to {longest}")
    return value


def boolean(cell: str, note: Note) -> bool:
    """Return a yes or no; an empty cell is a no."""
    value = yes_no_unknown(cell, note)
    return bool(value)


def yes_no_unknown(cell: str, note: Note) -> bool | None:
    """Return a yes, a no, or None for an empty cell."""
    word = text(cell, note).casefold()
    if word == "":
        return None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Refused(f"{cell!r} is neither yes nor no", "write Yes or No")


def _word(cell: str, note: Note, known: dict[str, str], what: str) -> str:
    word = " ".join(text(cell, note).casefold().replace("_", " ").split())
    word = word if word in known else word.replace(" ", "-")
    if word not in known:
        choices = ", ".join(name for name in known if name)
        raise Refused(f"{cell!r} is not a known {what}", f"write one of: {choices}")
    value = known[word]
    if value in _CANONICAL and word != _CANONICAL[value]:
        note(f"{cell!r} is stored as {_CANONICAL[value]!r}")
    return value


def status(cell: str, note: Note) -> str:
    """Return a status; an empty cell means not started, noted."""
    if not cell.strip():
        note("no status was given: stored as not started")
    return _word(cell, note, STATUSES, "status")


def optional_status(cell: str, note: Note) -> str:
    """Return a status, or nothing for an empty cell."""
    return _word(cell, note, STATUSES, "status") if text(cell, note) else ""


def frequency(cell: str, note: Note) -> str:
    """Return how often; an unknown word is refused, because a wrong default would be a missed duty."""
    if not text(cell, note):
        return ""
    if _AMBIGUOUS.fullmatch(cell.strip().casefold()):
        raise Refused(
            f"{cell!r} may mean twice in a period or every second one", "write six-monthly or every two years"
        )
    return _word(cell, note, FREQUENCIES, "frequency")


def place(cell: str, note: Note) -> str:
    """Return site, desktop or nothing."""
    return _word(cell, note, PLACES, "place")


def email(cell: str, note: Note) -> str:
    """Return an email address or nothing."""
    value = line(cell, note, longest=254)
    if value and not _EMAIL.fullmatch(value):
        raise Refused(
            f"{value!r} is not an email address", "write one, such as kim@example.com, or leave the cell empty"
        )
    return value.lower()


def day(cell: str, note: Note, *, today: date) -> date | None:
    """Return a date: 2027-01-31, with or without a time of midnight, or 31/01/2027.

    Raises:
        Refused: it is no date, or lies more than fifty years from `today`.
    """
    value = text(cell, note)
    if not value:
        return None
    found = _iso_day(value, note) or _slashed_day(value, note)
    if found is None:
        raise Refused(f"{value!r} is not a date", "write year-month-day, such as 2027-01-31")
    if abs(found - today) > FURTHEST:
        raise Refused(
            f"{value} lies more than fifty years from today",
            "write the intended year, such as " + _likely(found, today),
        )
    return found


def _iso_day(value: str, note: Note) -> date | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.time() != found.min.time():
        note(f"the time in {value!r} was left out")
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
        note(f"{value!r} was read day first, as {found:%-d %B %Y}")
    return found


def _likely(found: date, today: date) -> str:
    """Return the same day in a year that shares its last digit with the mistyped one and lies soonest after today."""
    years = [year for year in range(today.year, today.year + 10) if year % 10 == found.year % 10]
    return found.replace(year=years[0], day=min(found.day, 28)).isoformat()
