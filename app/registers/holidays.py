"""Reading a list of public holidays that somebody pasted."""

from __future__ import annotations

import re
from datetime import date, datetime

_LINE = re.compile(r"(?P<day>\d{4}-\d{1,2}-\d{1,2}|\d{1,2} [A-Za-z]+ \d{4})[\s,;:]*(?P<name>.*)")
EXAMPLE = "2027-01-26 Australia Day"


def read_holidays(text: str) -> tuple[dict[date, str], list[str]]:
    """Return the holidays in a text of one a line, and what is wrong with lines that are none.

    A line is a date, as 2027-01-26 or 26 January 2027, and a name; empty lines say nothing. Dates of digits in any
    other order are refused: 1/2/2027 is two different days to two people.
    """
    found: dict[date, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = " ".join(line.split())
        if not words:
            continue
        match = _LINE.fullmatch(words)
        day = _day(match["day"]) if match else None
        if match is None:
            wrong.append(f"Line {number}, “{words[:60]}”: write the date and the name, such as {EXAMPLE}.")
        elif day is None:
            wrong.append(f"Line {number}: there is no day {match['day']}.")
        elif not match["name"]:
            wrong.append(f"Line {number}: write the holiday's name after {match['day']}.")
        elif len(match["name"]) > 120:
            wrong.append(f"Line {number}: a holiday's name has at most 120 letters.")
        elif day in found:
            wrong.append(f"Line {number}: {day:%-d %B %Y} stands in the list twice.")
        else:
            found[day] = match["name"]
    return found, wrong


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d %B %Y", "%d %b %Y"):
        try:
            # A day has no time zone.
            return datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
