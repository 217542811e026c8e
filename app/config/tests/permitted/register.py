"""Addresses of the register: obligations, their occurrences and evidence, what is coming, imports and exports."""

from __future__ import annotations

from config.tests.permitted.rules import SIGNED_IN, Rule

LOOK, CHANGE, RETIRE, IMPORT = "register.view", "obligation.change", "obligation.retire", "import.run"


def _act(permission: str) -> Rule:
    return Rule(get=permission, post=permission, of="occurrence")


def _step(permission: str) -> Rule:
    return Rule(get=permission, post=permission, of="obligation")


RULES: dict[str, Rule | list[Rule]] = {
    "register": Rule(get=LOOK),
    "register_keys": Rule(post=LOOK, does=302),
    "register_bulk": Rule(post="obligation.bulk_edit", does=302),
    # A change of many is known to who made it, and by a name that nobody guesses.
    "register_bulk_done": Rule(get=LOOK, at={"token": "x"}, shows=404),
    "register_bulk_undo": Rule(post="obligation.bulk_edit", at={"token": "x"}, does=404),
    "saved_view_add": Rule(get=LOOK, post=LOOK),
    "saved_view_edit": Rule(get="view.share", post="view.share", of="shared_view"),
    "saved_view_delete": Rule(post="view.share", of="shared_view", does=302),
    "saved_view_restore": Rule(post=LOOK, of="shared_view", does=404),
    "obligation_add": Rule(get="obligation.add", post="obligation.add"),
    "obligation_row": [
        Rule(get=LOOK, post=CHANGE, of="obligation"),
        Rule(get=CHANGE, post=CHANGE, of="obligation", query="edit=1"),
    ],
    "obligation_detail": Rule(get=LOOK, of="obligation"),
    "obligation_edit": _step(CHANGE),
    "obligation_suspend": _step(RETIRE),
    "obligation_resume": _step(RETIRE),
    "obligation_retire": _step(RETIRE),
    "obligation_reinstate": _step(RETIRE),
    "obligation_trigger": _step("occurrence.update"),
    "obligation_rule": _step(CHANGE),
    "comment_add": _step("comment.add"),
    "occurrence_list": Rule(get=LOOK, of="obligation"),
    "occurrence_detail": Rule(get=LOOK, of="occurrence"),
    "occurrence_start": _act("occurrence.update"),
    "occurrence_submit": _act("occurrence.submit"),
    "occurrence_close": _act("occurrence.close"),
    "occurrence_return": _act("occurrence.close"),
    "occurrence_assign": _act(CHANGE),
    "occurrence_snooze": _act("occurrence.update"),
    "occurrence_extend": _act("occurrence.extend"),
    "occurrence_cancel": _act("occurrence.cancel"),
    "occurrence_reopen": _act("occurrence.reopen"),
    "occurrence_undo": [
        Rule(post="occurrence.update", of="occurrence", at={"act": "start"}, query="version=0", does=302),
        Rule(post="occurrence.reopen", of="occurrence", at={"act": "close"}, query="version=0", does=302),
    ],
    "evidence_add": [
        Rule(get="evidence.upload", post="evidence.upload", of="obligation"),
        Rule(get="evidence.upload", post="evidence.upload", of="obligation", query="occurrence={occurrence}"),
    ],
    "evidence_detail": Rule(get="evidence.view", of="evidence"),
    "evidence_file": Rule(get="evidence.view", of="evidence"),
    "evidence_preview": Rule(get="evidence.view", of="evidence"),
    "evidence_edit": Rule(post="evidence.upload", of="evidence"),
    "evidence_review": Rule(post="evidence.verify", of="evidence", does=302),
    "evidence_verify": Rule(post="evidence.verify", of="evidence", does=302),
    "evidence_remove": Rule(post="evidence.delete", of="evidence"),
    "calendar": Rule(get=LOOK),
    "look_ahead": Rule(get=LOOK),
    "look_ahead_csv": Rule(get="export.run"),
    "my_work": Rule(get=SIGNED_IN),
    "project_work": Rule(get=LOOK),
    "import_list": Rule(get=IMPORT, post=IMPORT),
    "import_template": Rule(get=IMPORT),
    "import_detail": Rule(get=IMPORT, of="import"),
    "import_progress": Rule(get=IMPORT, of="import", shows=204),
    "import_report": Rule(get=IMPORT, of="import"),
    "import_act": Rule(post=IMPORT, of="import", at={"act": "discard"}, does=302),
    "export": [
        Rule(get="export.run", at={"form": "csv"}),
        Rule(get="export.run", at={"form": "xlsx"}),
        Rule(get="export.run", at={"form": "csv"}, query="q=water"),
    ],
}
