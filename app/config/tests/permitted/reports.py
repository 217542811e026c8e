"""Addresses of the dashboard, its figures and the reports."""

from __future__ import annotations

from config.tests.permitted.rules import SIGNED_IN, Rule

RULES: dict[str, Rule | list[Rule]] = {
    "home": Rule(get=SIGNED_IN),
    "project_list": Rule(get=SIGNED_IN),
    "dashboard": Rule(get="register.view"),
    "figure": Rule(get="register.view", at={"name": "due-forecast"}),
}
