"""Sorting numbers the way people read them: 6-2 before 6-10."""

from __future__ import annotations

import re
from functools import lru_cache

_DIGITS = re.compile(r"0*(\d+)")
# Space inside a number says nothing, except between two digits: 8.1 (b) is 8.1(b), but 1 1 is not 11.
_IDLE_SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def compact(number: str) -> str:
    """Return the number without idle spaces: two texts that are alike so are one number, spelt twice."""
    return _IDLE_SPACE.sub("", number.strip())


@lru_cache(maxsize=1024)
def natural_key(number: str) -> str:
    """Return a text that compares as the number reads.

    Digits compare by value: each run stands after its length, in two places, without leading zeros. Letters compare
    without regard to case, and idle spaces are left out.

    Args:
        number: a number as printed, of at most 60 characters; the key has at most 120.
    """
    return _DIGITS.sub(_with_length, compact(number).casefold())


def _with_length(run: re.Match[str]) -> str:
    digits = run.group(1)
    return f"{len(digits):02}{digits}"
