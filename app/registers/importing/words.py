"""The words that stand for a value in a register: the first of each is its name, and what an export writes."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, tuple[str, ...]]

STATUSES: Words = {
    "not_started": ("not started",),
    "in_progress": ("in progress",),
    "completed": ("completed", "complete"),
    "submitted": ("submitted for review", "submitted"),
}
FREQUENCIES: Words = {
    "daily": ("daily",),
    "weekly": ("weekly",),
    "fortnightly": ("fortnightly",),
    "monthly": ("monthly",),
    "quarterly": ("quarterly",),
    "six_monthly": ("six-monthly", "half-yearly", "every 6 months"),
    "annually": ("annually", "annual", "yearly"),
    "biennial": ("every two years", "every 2 years", "biennial", "biennially"),
    "as_required": ("as required",),
    "mobilisation": ("mobilisation",),
    "decommissioning": ("decommissioning",),
    "extreme_weather": ("extreme weather",),
    "incident": ("incident",),
}
PLACES: Words = {"site": ("site",), "desktop": ("desktop",)}
RISKS: Words = {"low": ("low",), "medium": ("medium",), "high": ("high",)}
LIFECYCLES: Words = {"active": ("active",), "suspended": ("suspended",), "retired": ("retired",)}
COMPLIANCE: Words = {
    "non_compliant": ("non-compliant",),
    "potentially_non_compliant": ("potentially non-compliant",),
    "in_process": ("in process",),
    "compliant": ("compliant",),
    "not_required": ("not required", "not required at this stage"),
}

BASES: Words = {
    "one_off": ("once",),
    "fixed": ("by the calendar",),
    "after_completion": ("after completion",),
    "event": ("after an event",),
    "phase_start": ("after the start of the phase",),
    "continuous": ("all the time",),
    "as_required": ("as required",),
}
UNITS: Words = {
    "day": ("days", "day"),
    "business_day": ("business days", "business day"),
    "week": ("weeks", "week"),
    "month": ("months", "month"),
    "year": ("years", "year"),
}
LAG_BASES: Words = {"period_end": ("last day of the period",), "anniversary": ("day after the period",)}
ENDS: Words = {
    "never": ("never",),
    "expiry": ("when the mechanism expires",),
    "date": ("on a date",),
    "count": ("after a number of times",),
}
ROLLS: Words = {
    "none": ("stays",),
    "next_business_day": ("next business day",),
    "previous_business_day": ("business day before",),
}
DAY_COUNTS: Words = {"exclusive": ("exclusive",), "inclusive": ("inclusive",)}
