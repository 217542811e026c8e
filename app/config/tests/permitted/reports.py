"""Addresses of the dashboard, its figures and the reports."""

from __future__ import annotations

from config.tests.permitted.rules import SIGNED_IN, Rule

LOOK, PREPARE, FINALISE = "register.view", "report.generate", "report.finalise"
TAKE = "export.run"


def _act(permission: str, act: str, of: str = "report", does: int = 302) -> Rule:
    return Rule(post=permission, of=of, at={"act": act}, does=does)


RULES: dict[str, Rule | list[Rule]] = {
    "home": Rule(get=SIGNED_IN),
    "project_list": Rule(get=SIGNED_IN),
    "roll_up_figure": Rule(get=SIGNED_IN),
    "roll_up_png": Rule(get=SIGNED_IN),
    "roll_up_csv": Rule(get=SIGNED_IN),
    "roll_up_part": Rule(get=SIGNED_IN),
    "dashboard": Rule(get="register.view"),
    "trends": Rule(get="register.view"),
    "closing_list": Rule(get="register.view"),
    "figure_png": Rule(get="register.view", at={"name": "due-forecast"}),
    "figure_csv": Rule(get=TAKE, at={"name": "due-forecast"}),
    "figure": Rule(get="register.view", at={"name": "due-forecast"}),
    "figure_part": Rule(get="register.view", at={"name": "due-forecast"}),
    "occurrence_export": Rule(get=TAKE, at={"form": "csv"}),
    "audit_workbook": Rule(get="audit.view"),
    "statutory_reports": Rule(get=LOOK),
    "statutory_begin": Rule(get=PREPARE, post=PREPARE, query="mechanism={mechanism}"),
    "statutory_report": [Rule(get=LOOK, of="report"), Rule(get=LOOK, of="draft_report")],
    "statutory_preview": Rule(get=LOOK, of="report"),
    "statutory_lines": Rule(get=LOOK, of="report"),
    "statutory_data": Rule(get=TAKE, of="report", at={"form": "csv"}),
    # What was finalised is judged and written no more.
    "statutory_line": Rule(get=PREPARE, post=PREPARE, of="report", at={"obligation": "1"}, shows=302, does=302),
    "statutory_write": Rule(post=PREPARE, of="draft_report", at={"key": "introduction"}, does=404),
    "statutory_progress": Rule(get=LOOK, of="draft_report", shows=204),
    # Its documents have yet to be made.
    "statutory_file": Rule(get=TAKE, of="report", at={"name": "report.pdf"}, shows=404),
    "statutory_pack": Rule(get=TAKE, of="report", shows=404),
    "statutory_act": [
        _act(FINALISE, "finalise"),
        _act(PREPARE, "revise"),
        _act(PREPARE, "discard"),
        _act(TAKE, "documents", of="draft_report"),
        _act("report.sign", "sign", does=422),
        _act(FINALISE, "withdraw", does=422),
    ],
}
