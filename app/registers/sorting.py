"""Sorting numbers the way people read them: 6-2 before 6-10."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(\d+)")


def natural_key(number: str) -> str:
    """Return a text that sorts as the number reads: digits by value, letters without regard to case.

    The key fits a database column and compares as text: each run of digits is padded to ten places.
    """
    return _DIGITS.sub(lambda run: run.group().lstrip("0").rjust(10, "0"), number.casefold().strip())
