"""Addresses of the API, and of the pages about its tokens.

The API answers in its own manner: 401 to strangers, 403 to a session without second factor, 415 to what is no JSON and
428 to an act upon a row that does not say which state of it was read.
"""

from __future__ import annotations

from config.tests.permitted.rules import SIGNED_IN, Rule

LOOK = "register.view"
NC, ACTION = "noncompliance.change", "corrective_action.close"


def _list(add: str | None = None, *, look: str = LOOK, does: int = 415) -> Rule:
    return Rule(get=look, post=add, does=does)


def _act(permission: str, of: str) -> Rule:
    return Rule(post=permission, of=of, does=428)


RULES: dict[str, Rule | list[Rule]] = {
    "token_list": Rule(get=SIGNED_IN),
    "token_add": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "token_revoke": Rule(post=SIGNED_IN, of="token"),
    "project_tokens": Rule(get="member.manage.organisation"),
    "project_token_revoke": Rule(post="member.manage.organisation", of="token", does=302),
    "api:schema": Rule(get=SIGNED_IN),
    "api_reference": Rule(get=SIGNED_IN),
    "api:project-list": Rule(get=SIGNED_IN),
    "api:project": Rule(get=LOOK),
    "api:people": Rule(get=LOOK),
    "api:terms": Rule(get=LOOK, at={"vocabulary": "aspect"}),
    "api:mechanism-list": _list("mechanism.add"),
    "api:mechanism": Rule(get=LOOK, patch="mechanism.change", of="mechanism"),
    "api:condition-list": _list("mechanism.change"),
    "api:condition": Rule(get=LOOK, patch="mechanism.change", of="condition"),
    "api:obligation-list": _list("obligation.add"),
    "api:obligation-bulk": Rule(post="obligation.bulk_edit", does=415),
    "api:obligation": Rule(get=LOOK, patch="obligation.change", of="obligation"),
    "api:obligation-trigger": Rule(post="occurrence.update", of="obligation", does=415),
    "api:occurrence-list": _list(),
    "api:occurrence": Rule(get=LOOK, of="occurrence"),
    "api:occurrence-start": _act("occurrence.update", "occurrence"),
    "api:occurrence-submit": _act("occurrence.submit", "occurrence"),
    "api:occurrence-return": _act("occurrence.close", "occurrence"),
    "api:occurrence-close": _act("occurrence.close", "occurrence"),
    "api:occurrence-assign": _act("obligation.change", "occurrence"),
    "api:occurrence-snooze": _act("occurrence.update", "occurrence"),
    "api:occurrence-extend": _act("occurrence.extend", "occurrence"),
    "api:occurrence-cancel": _act("occurrence.cancel", "occurrence"),
    "api:occurrence-reopen": _act("occurrence.reopen", "occurrence"),
    # Whether it is one's own is known once it is said for what.
    "api:evidence-list": _list("evidence.upload|evidence.upload.own", look="evidence.view", does=422),
    "api:evidence": Rule(get="evidence.view", of="evidence"),
    "api:evidence-file": Rule(get="evidence.view", of="evidence"),
    "api:inspection-list": _list("inspection.schedule"),
    "api:inspection": Rule(get=LOOK, patch="inspection.schedule", of="inspection"),
    "api:inspection-cancel": _act("inspection.schedule", "inspection"),
    "api:non-compliance-list": _list("noncompliance.raise"),
    "api:non-compliance": Rule(get=LOOK, patch=NC, of="non_compliance"),
    **{f"api:non-compliance-{act}": _act(NC, "non_compliance") for act in ("notify", "confirm", "dismiss", "close")},
    "api:non-compliance-reopen": _act(NC, "non_compliance"),
    "api:corrective-action-list": _list(NC),
    "api:corrective-action": Rule(get=LOOK, patch=NC, of="corrective_action"),
    "api:corrective-action-complete": _act(f"corrective_action.complete|{ACTION}", "corrective_action"),
    "api:corrective-action-check": _act(ACTION, "corrective_action"),
    "api:corrective-action-close": _act(ACTION, "corrective_action"),
    "api:corrective-action-reopen": _act(ACTION, "corrective_action"),
    "api:event-list": Rule(get="audit.view"),
}
