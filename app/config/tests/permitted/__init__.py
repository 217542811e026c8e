"""Which permission each address of the site takes: the one place where that can be read, a module an area.

An address that is missing here fails `config/tests/test_permissions.py`. Add it to the module of its area, by its name
in the URL configuration (`api:project-list` for one in a namespace).
"""

from __future__ import annotations

from config.tests.permitted import account, api, findings, notifications, project, register, reports
from config.tests.permitted.rules import Rule

AREAS = (account, project, register, findings, reports, notifications, api)

RULES: dict[str, list[Rule]] = {}
for area in AREAS:
    twice = RULES.keys() & area.RULES.keys()
    if twice:
        raise RuntimeError(f"Two areas say what {', '.join(sorted(twice))} takes")
    RULES |= {name: rule if isinstance(rule, list) else [rule] for name, rule in area.RULES.items()}
