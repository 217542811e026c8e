"""What roles would write and refuse, rendered and judged as Ansible does. Undefined variables are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLES = Path(__file__).resolve().parent.parent / "roles"


def variables(role: str, **given: Any) -> dict[str, Any]:
    """A role's defaults and variables, and over them those given."""
    found: dict[str, Any] = {"ansible_managed": "Ansible managed", "ansible_check_mode": False}
    for name in ("defaults", "vars"):
        path = ROLES / role / name / "main.yml"
        if path.exists():
            found |= yaml.safe_load(path.read_text()) or {}
    return found | given


def render(role: str, template: str, **given: Any) -> str:
    """Render a template of a role as the template action does."""
    templar = Templar(loader=DataLoader(), variables=variables(role, **given))
    text = (ROLES / role / "templates" / template).read_text()
    return str(templar.do_template(text, preserve_trailing_newlines=True, escape_backslashes=False))


def passes_guard(role: str, **given: Any) -> bool:
    """Evaluate the conditions that a role's guard asserts."""
    templar = Templar(loader=DataLoader(), variables=variables(role, **given))
    tasks = yaml.safe_load((ROLES / role / "tasks" / "guard.yml").read_text())
    conditions = next(task["ansible.builtin.assert"]["that"] for task in tasks if "ansible.builtin.assert" in task)
    conditions = [conditions] if isinstance(conditions, str) else conditions
    return all(templar.template("{{ " + condition + " }}") for condition in conditions)
