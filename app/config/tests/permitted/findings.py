"""Addresses of inspections, non-compliances and corrective actions."""

from __future__ import annotations

from config.tests.permitted.rules import Rule

LOOK, PLAN, PERFORM = "register.view", "inspection.schedule", "inspection.perform"
RAISE, CHANGE, CLOSE = "noncompliance.raise", "noncompliance.change", "corrective_action.close"


def _act(permission: str, act: str, of: str) -> Rule:
    return Rule(post=permission, of=of, at={"act": act})


RULES: dict[str, Rule | list[Rule]] = {
    "inspection_list": Rule(get=LOOK),
    "inspection_add": Rule(get=PLAN, post=PLAN, query="obligation={obligation}"),
    "inspection_detail": Rule(get=LOOK, of="inspection"),
    "inspection_edit": Rule(get=PLAN, post=PLAN, of="inspection"),
    "inspection_perform": Rule(get=PERFORM, post=PERFORM, of="inspection"),
    "inspection_cancel": Rule(post=PLAN, of="inspection"),
    "inspection_start": Rule(post=PERFORM, of="obligation", does=302),
    "checklist": Rule(get=LOOK, post=PLAN, of="obligation"),
    "checklist_item_edit": Rule(get=PLAN, post=PLAN, of="question"),
    "checklist_item_move": Rule(post=PLAN, of="question", does=302),
    "checklist_item_retire": Rule(post=PLAN, of="question", does=302),
    "non_compliance_list": Rule(get=LOOK),
    "non_compliance_add": Rule(get=RAISE, post=RAISE, query="obligation={obligation}"),
    "non_compliance_detail": Rule(get=LOOK, of="non_compliance"),
    "non_compliance_edit": Rule(get=CHANGE, post=CHANGE, of="non_compliance"),
    "non_compliance_act": [
        _act(CHANGE, act, "non_compliance") for act in ("notify", "confirm", "dismiss", "close", "reopen")
    ],
    "corrective_action_list": Rule(get=LOOK),
    "corrective_action_add": Rule(get=CHANGE, post=CHANGE, of="non_compliance"),
    "corrective_action_detail": Rule(get=LOOK, of="corrective_action"),
    "corrective_action_edit": Rule(get=CHANGE, post=CHANGE, of="corrective_action"),
    "corrective_action_act": [
        _act("corrective_action.complete|" + CLOSE, "complete", "corrective_action"),
        *(_act(CLOSE, act, "corrective_action") for act in ("check", "close", "reopen")),
    ],
}
