"""Addresses of reminders and of the calendar feed."""

from __future__ import annotations

from config.tests.permitted.rules import Rule

RULES: dict[str, Rule | list[Rule]] = {}
