"""What kind of instrument a reference names."""

from __future__ import annotations

import re

# Forms that leave no doubt, each with a value of Mechanism.Kind.
_KINDS = (
    (r"(MS|Ministerial Statement) ?\d+", "ministerial_statement"),
    (r"[LW]\d{4,5}/\d{4}/\d+", "part_v"),
    (r"CPS ?\d+/\d+", "clearing_permit"),
    (r"EPBC ?\d{4}/\d{4,5}", "epbc"),
    (r"EPL ?\d+", "epl"),
)
_PLAN = re.compile(r".*(\b\w*EMP\b|management plan).*", re.IGNORECASE)


def kind_of(reference: str) -> tuple[str, bool]:
    """Return the kind of instrument that a reference names, and whether its form leaves no doubt.

    What has no instrument's form is a management plan if it calls itself one, and an internal commitment otherwise.
    """
    for form, kind in _KINDS:
        if re.fullmatch(form, reference):
            return kind, True
    return ("management_plan" if _PLAN.fullmatch(reference) else "commitment"), False
