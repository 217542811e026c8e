"""When somebody is reminded of a date, and who else hears of it while it is missed.

A step says how many days before the date a reminder is meant for: 30 … 1 before it, 0 on the day, -1 … after it. A host
that slept through a step makes up for it during CATCH_UP days; after that the next step tells all there is to tell.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum

BEFORE = (30, 14, 7, 1)
CATCH_UP = 3
AGAIN_AFTER = 30


class Level(IntEnum):
    """Who hears of something late."""

    RESPONSIBLE = 1
    MANAGERS = 2
    ADMINISTRATORS = 3


# Days late -> the highest level that hears of it from then on. After the last of them it is told again every
# AGAIN_AFTER days, to all levels, until it is done.
LADDER = {1: Level.RESPONSIBLE, 7: Level.MANAGERS, 14: Level.ADMINISTRATORS}

# The regulator's clock runs in days, so it is told of more often, and whatever was slept through is made up for.
CLOCK_STARTED = 30
CLOCK_BEFORE = (7, 3, 1, 0)
CLOCK_LATE = (1, 2, 3)
CLOCK_AGAIN_AFTER = 7


def step_of(left: int, before: Collection[int]) -> int | None:
    """Return which step is due when so many days are left, negative once it is late; None if none is.

    Args:
        left: days to the date.
        before: how many days before the date the person wants to hear of it.
    """
    if left >= 0:
        step = min(step for step in (*before, 0, left + CATCH_UP) if step >= left)
    else:
        step = -_latest(-left, tuple(LADDER), AGAIN_AFTER)
    return step if step - left < CATCH_UP else None


def clock_step_of(left: int) -> int:
    """Return the step of a regulator's clock when so many days are left: there is always one."""
    if left >= 0:
        return min((step for step in CLOCK_BEFORE if step >= left), default=CLOCK_STARTED)
    return -_latest(-left, CLOCK_LATE, CLOCK_AGAIN_AFTER)


def level_of(step: int) -> Level:
    """Return the highest level that a step reaches."""
    return max((level for late, level in LADDER.items() if late <= -step), default=Level.RESPONSIBLE)


def clock_level_of(step: int) -> Level:
    """Return the same for a regulator's clock: the managers hear of it at once, everybody when it has run out."""
    return Level.ADMINISTRATORS if step < 0 else Level.MANAGERS


def _latest(late: int, steps: tuple[int, ...], again_after: int) -> int:
    """Return the last step at or before that many days late."""
    again = late - late % again_after
    return max(step for step in (*steps, again) if step <= late)
