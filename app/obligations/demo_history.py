"""When the obligations of the demo register fall due, and what happened so far."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from obligations.models import Basis, End, LagBase, Unit
from obligations.states import OccurrenceState, Result

DONE, DOING, REVIEW = OccurrenceState.CLOSED, OccurrenceState.IN_PROGRESS, OccurrenceState.SUBMITTED


class Past(NamedTuple):
    """What became of one occurrence; `triggered` is the day of its event, if it waited for one."""

    sequence: int
    state: OccurrenceState
    on: date | None = None
    result: str = Result.COMPLIANT
    note: str = ""
    triggered: date | None = None


class Course(NamedTuple):
    """The rule of an obligation, as fields of RecurrenceRule, and its history."""

    rule: dict[str, Any]
    past: tuple[Past, ...] = ()
    phase_gated: bool = False


def _every(interval: int, anchor: date, **fields: Any) -> dict[str, Any]:
    return {"basis": Basis.FIXED, "interval": interval, "unit": Unit.MONTH, "anchor_date": anchor, **fields}


def _event(event: str, value: int = 0, unit: str = Unit.DAY, **fields: Any) -> dict[str, Any]:
    return {"basis": Basis.EVENT, "event": event, "lag_value": value, "lag_unit": unit, **fields}


def _continuous(start: date) -> dict[str, Any]:
    return {"basis": Basis.CONTINUOUS, "interval": 12, "unit": Unit.MONTH, "anchor_date": start}


def _done(*days: date) -> tuple[Past, ...]:
    return tuple(Past(number, DONE, day) for number, day in enumerate(days))


AFTER_ANNIVERSARY = {"lag_value": 3, "lag_unit": Unit.MONTH, "lag_base": LagBase.ANNIVERSARY}
MISSED = "No sample was taken: the track to W3 was flooded. Sampled on 20 April instead."
LATE = "The logger data came in late; reported twelve days after the due date."

COURSES: dict[tuple[str, str], Course] = {
    ("MS 1234", "1-1"): Course(_continuous(date(2025, 3, 12)), (Past(0, DONE, date(2026, 5, 20)), Past(1, DOING))),
    ("MS 1234", "3-1"): Course(_event("a changed name or contact address", 28)),
    ("MS 1234", "4-1"): Course({"basis": Basis.ONE_OFF, "anchor_date": date(2025, 12, 12)}, _done(date(2025, 11, 28))),
    ("MS 1234", "4-5"): Course(
        _event("a potential non-compliance becoming known", 7),
        (
            Past(
                0,
                REVIEW,
                date(2026, 11, 2),
                note="Advised by email.",
                triggered=date(2026, 10, 30),
            ),
        ),
    ),
    ("MS 1234", "4-6"): Course(_every(12, date(2026, 3, 11), **AFTER_ANNIVERSARY), _done(date(2026, 6, 4))),
    ("MS 1234", "5-1"): Course(
        {"basis": Basis.PHASE_START, "lag_value": 0, "lag_unit": Unit.DAY}, _done(date(2025, 9, 30))
    ),
    ("MS 1234", "6-2(1)"): Course(_event("", -1, Unit.MONTH, milestone="Stage 2 clearing"), (Past(0, DOING),)),
    ("MS 1234", "6-2(3)"): Course(_every(12, date(2026, 5, 31), eom=True)),
    ("MS 1234", "8-4"): Course(
        _every(3, date(2026, 3, 31), eom=True, lag_value=1, lag_unit=Unit.MONTH, lag_base=LagBase.PERIOD_END),
        (
            Past(0, DONE, date(2026, 5, 12), Result.NON_COMPLIANT, LATE),
            Past(1, DONE, date(2026, 7, 24)),
            Past(2, DOING),
        ),
    ),
    ("EPBC 2024/01234", "1"): Course(_continuous(date(2025, 11, 20)), (Past(0, DOING),)),
    ("EPBC 2024/01234", "7"): Course(
        _event("the action's commencement", 5, Unit.BUSINESS_DAY),
        (Past(0, DONE, date(2025, 11, 24), triggered=date(2025, 11, 20)),),
    ),
    ("EPBC 2024/01234", "19"): Course(_every(12, date(2026, 11, 19), **AFTER_ANNIVERSARY)),
    ("L9876/2025/1", "12(a)"): Course(
        _every(1, date(2026, 11, 2), unit=Unit.WEEK, weekdays="MO,TH"),
        (*_done(*(date(2026, 11, day) for day in (2, 5, 9, 12, 16, 19, 23))), Past(7, DOING)),
        phase_gated=True,
    ),
    ("L9876/2025/1", "21"): Course(
        _every(1, date(2025, 12, 2), weekdays="TU", nth_weekday=1),
        (
            *_done(date(2025, 12, 2), date(2026, 1, 6), date(2026, 2, 3), date(2026, 3, 3)),
            Past(4, DONE, date(2026, 4, 20), Result.NON_COMPLIANT, MISSED),
            *(
                Past(number, DONE, day)
                for number, day in enumerate(
                    (
                        date(2026, 5, 5),
                        date(2026, 6, 2),
                        date(2026, 7, 7),
                        date(2026, 8, 4),
                        date(2026, 9, 1),
                        date(2026, 10, 6),
                        date(2026, 11, 3),
                    ),
                    start=5,
                )
            ),
        ),
    ),
    ("L9876/2025/1", "30"): Course(_every(12, date(2025, 12, 31), lag_month=3, lag_day=31), _done(date(2026, 3, 20))),
    ("CPS 10501/1", "8"): Course({"basis": Basis.AS_REQUIRED}),
    ("WR-CEMP Rev 2", "8.1.2"): Course(
        _event("wind above the trigger level"),
        (
            Past(0, DONE, date(2026, 11, 9), triggered=date(2026, 11, 9)),
            Past(1, DONE, date(2026, 11, 17), triggered=date(2026, 11, 17)),
        ),
    ),
    ("WR-CEMP Rev 2", "9.3(b)"): Course(
        _every(1, date(2026, 1, 31), eom=True),
        _done(*(date(2026, month, 27) for month in range(1, 11))),
    ),
    ("WR-CEMP Rev 2", "4.2"): Course(
        _event("ground disturbance near a recorded place"),
        (
            Past(
                0,
                DONE,
                date(2026, 10, 29),
                Result.NON_COMPLIANT,
                "Stripping began before the monitor arrived.",
                triggered=date(2026, 10, 29),
            ),
            Past(1, DOING, triggered=date(2026, 11, 13)),
        ),
    ),
    ("EPL 20999", "R1.1"): Course(
        _every(12, date(2027, 6, 30), lag_value=60, lag_unit=Unit.DAY, lag_base=LagBase.PERIOD_END, end=End.NEVER)
    ),
}
