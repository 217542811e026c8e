"""A rule as people say it, and what the words of a register mean as a rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from obligations.recurrence.rule import WEEKDAYS, Lag, Rule

DAY_NAMES = dict(
    zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
MONTH_NAMES = [f"{date(2000, month, 1):%B}" for month in range(1, 13)]
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
EVERY = {
    (1, "day"): "Every day",
    (1, "week"): "Every week",
    (2, "week"): "Every two weeks",
    (1, "month"): "Every month",
    (3, "month"): "Every three months",
    (6, "month"): "Every six months",
    (12, "month"): "Every year",
    (24, "month"): "Every two years",
    (1, "year"): "Every year",
    (2, "year"): "Every two years",
}
UNITS = {"day": "day", "business_day": "business day", "week": "week", "month": "month", "year": "year"}

# The frequencies of imported registers that are calendar sequences: (interval, unit). The others wait for an event.
SEQUENCES: Mapping[str, tuple[int, str]] = {
    "daily": (1, "day"),
    "weekly": (1, "week"),
    "fortnightly": (2, "week"),
    "monthly": (1, "month"),
    "quarterly": (3, "month"),
    "six_monthly": (6, "month"),
    "annually": (12, "month"),
    "biennial": (24, "month"),
}
EVENTS: Mapping[str, str] = {
    "mobilisation": "mobilisation",
    "decommissioning": "decommissioning",
    "extreme_weather": "extreme weather",
    "incident": "an incident",
}


def amount(value: int, unit: str) -> str:
    """Return a number of units, such as `1 month` or `5 business days`."""
    return f"{value} {UNITS[unit]}{'' if value == 1 else 's'}"


def describe(rule: Rule, event: str = "") -> str:
    """Return the rule in one sentence without its full stop.

    Args:
        rule: the rule.
        event: what an event rule counts from, such as a milestone's name.
    """
    if rule.basis == "one_off":
        return f"Once, on {_on(rule.anchor)}" if rule.anchor else "Once"
    if rule.basis == "as_required":
        return "As required, without a date"
    if rule.basis == "continuous":
        return f"All the time, assessed {_every(rule).lower()}"
    if rule.basis == "after_completion":
        return f"{amount(rule.interval, rule.unit)} after it was last done"
    if rule.basis in {"event", "phase_start"}:
        return _counted(rule, event or ("the start of its phase" if rule.basis == "phase_start" else "the event"))
    return _every(rule) + _when(rule) + _reported(rule) + _end(rule)


def _counted(rule: Rule, event: str) -> str:
    value = rule.lag.value if rule.lag else 0
    if not rule.lag or not value:
        return f"On {event}"
    return f"{amount(abs(value), rule.lag.unit)} {'after' if value > 0 else 'before'} {event}"


def _every(rule: Rule) -> str:
    return EVERY.get((rule.interval, rule.unit), f"Every {amount(rule.interval, rule.unit)}")


def _when(rule: Rule) -> str:
    if rule.weekdays:
        names = " and ".join(DAY_NAMES[name] for name in rule.weekdays)
        days = f" on the {NTH[rule.nth_weekday]} {names}" if rule.nth_weekday else f" on {names}"
    elif rule.eom:
        days = " on the last day of the month"
    elif rule.anchor and rule.lag is None:
        days = f" from {_on(rule.anchor)}"
    else:
        days = ""
    months = ", ".join(MONTH_NAMES[month - 1] for month in rule.months)
    return f"{days} in {months}" if months else days


def _reported(rule: Rule) -> str:
    if rule.lag is None:
        return ""
    return f", for the period to {rule.anchor:%-d %B} each time, due {_lagged(rule.lag)}" if rule.anchor else ""


def _lagged(lag: Lag) -> str:
    if lag.month and lag.day:
        return f"on {lag.day} {MONTH_NAMES[lag.month - 1]} after it"
    base = "its anniversary" if lag.from_anniversary else "its end"
    return f"{amount(lag.value, lag.unit)} after {base}" if lag.value else f"on {base}"


def _end(rule: Rule) -> str:
    if rule.end_count:
        return f", {rule.end_count} times"
    return f", until {_on(rule.end_date)}" if rule.end_date else ""


def _on(day: date | None) -> str:
    return f"{day:%-d %B %Y}" if day else ""
