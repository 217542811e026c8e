"""When somebody is reminded, and who else hears of it."""

from __future__ import annotations

import pytest

from notifications.ladder import BEFORE, Level, clock_level_of, clock_step_of, level_of, step_of


def test_a_date_is_told_of_four_times_before_once_on_it_and_on_after_it() -> None:
    steps = [step_of(left, BEFORE) for left in range(40, -70, -1)]
    assert list(dict.fromkeys(step for step in steps if step is not None)) == [30, 14, 7, 1, 0, -1, -7, -14, -30, -60]


@pytest.mark.parametrize(
    ("left", "step"),
    [(31, None), (30, 30), (28, 30), (27, None), (5, 7), (4, None), (2, None), (1, 1), (0, 0), (-1, -1), (-3, -1)],
)
def test_a_host_that_slept_makes_up_for_a_step_for_two_days(left: int, step: int | None) -> None:
    assert step_of(left, BEFORE) == step


def test_who_wants_one_reminder_gets_one() -> None:
    assert {step_of(left, [7]) for left in range(40, -1, -1)} == {None, 7, 0}


@pytest.mark.parametrize(
    ("late", "level"),
    [
        (1, Level.RESPONSIBLE),
        (6, Level.RESPONSIBLE),
        (7, Level.MANAGERS),
        (13, Level.MANAGERS),
        (14, Level.ADMINISTRATORS),
        (365, Level.ADMINISTRATORS),
    ],
)
def test_the_next_level_hears_of_what_stays_late(late: int, level: Level) -> None:
    assert level_of(-late) == level


def test_a_regulators_clock_is_told_of_when_it_starts_and_made_up_for_whatever_was_missed() -> None:
    assert [clock_step_of(left) for left in (21, 8, 7, 5, 3, 2, 1, 0)] == [30, 30, 7, 7, 3, 3, 1, 0]
    assert [clock_step_of(-late) for late in (1, 2, 3, 6, 7, 13, 14, 21)] == [-1, -2, -3, -3, -7, -7, -14, -21]
    assert clock_level_of(7) == Level.MANAGERS
    assert clock_level_of(-1) == Level.ADMINISTRATORS
