"""Addresses of the API. It answers in its own manner: 401 to strangers, 403 to a session without second factor."""

from __future__ import annotations

from config.tests.permitted.rules import Rule

RULES: dict[str, Rule | list[Rule]] = {}
