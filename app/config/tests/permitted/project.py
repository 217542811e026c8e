"""Addresses of a project's people, mechanisms, procedures, words, calendar and audit trail."""

from __future__ import annotations

from config.tests.permitted.rules import Rule

LOOK, MANAGE, CHANGE = "register.view", "vocabulary.manage", "mechanism.change"
HERE, EVERYWHERE = {"level": "project"}, {"level": "organisation"}


def _help() -> list[Rule]:
    """Whoever administers the organisation helps its people and those of its projects."""
    return [
        Rule(post="member.manage.organisation", of="project_member", at=HERE, does=302),
        Rule(post="member.manage.organisation", of="member", at=EVERYWHERE, does=302),
    ]


RULES: dict[str, Rule | list[Rule]] = {
    "people_list": Rule(get=LOOK, post="member.manage"),
    "role_list": Rule(get=LOOK),
    "organisation_edit": Rule(get="organisation.manage", post="organisation.manage", does=302),
    "member_sign_out": _help(),
    "member_second_factor_reset": _help(),
    "member_edit": [
        Rule(get="member.manage", post="member.manage", of="project_member", at=HERE),
        Rule(get="member.manage.organisation", post="member.manage.organisation", of="member", at=EVERYWHERE),
    ],
    "member_delete": [
        Rule(post="member.manage", of="project_member", at=HERE, does=302),
        Rule(post="member.manage.organisation", of="member", at=EVERYWHERE, does=302),
    ],
    "invitation_end": Rule(post="member.manage", of="invitation", does=302),
    "mechanism_list": Rule(get=LOOK),
    "mechanism_add": Rule(get="mechanism.add", post="mechanism.add"),
    "mechanism_detail": Rule(get=LOOK, of="mechanism"),
    "mechanism_edit": Rule(get=CHANGE, post=CHANGE, of="mechanism"),
    "version_document_add": Rule(post=CHANGE, of="mechanism", does=302),
    "version_add": Rule(get="mechanism.publish", post="mechanism.publish", of="mechanism"),
    "version_compare": Rule(get=LOOK, of="mechanism"),
    "version_document": Rule(get=LOOK, of="version"),
    "condition_add": Rule(get=CHANGE, post=CHANGE, of="mechanism"),
    "condition_detail": Rule(get=LOOK, of="condition"),
    "condition_edit": Rule(get=CHANGE, post=CHANGE, of="condition"),
    "condition_move": Rule(get=CHANGE, post=CHANGE, of="condition", does=302),
    "procedure_list": Rule(get=LOOK),
    "procedure_add": Rule(get=MANAGE, post=MANAGE),
    "procedure_detail": Rule(get=LOOK, of="procedure"),
    "procedure_edit": Rule(get=MANAGE, post=MANAGE, of="procedure"),
    "procedure_document": Rule(get=LOOK, of="procedure"),
    "procedure_document_add": Rule(post=MANAGE, of="procedure", does=302),
    "vocabulary_list": [Rule(get=LOOK, post=MANAGE), Rule(get=LOOK, post=MANAGE, at={"kind": "aspects"})],
    "term_edit": Rule(get=MANAGE, post=MANAGE, of="aspect", at={"kind": "aspects"}),
    "term_retire": Rule(post=MANAGE, of="aspect", at={"kind": "aspects"}, does=302),
    "term_remove": Rule(post=MANAGE, of="aspect", at={"kind": "aspects"}, does=302),
    "project_calendar": Rule(get=LOOK),
    "holidays_add": Rule(post=CHANGE),
    "holiday_edit": Rule(get=CHANGE, post=CHANGE, of="holiday"),
    "holiday_remove": Rule(post=CHANGE, of="holiday", does=302),
    "phase_edit": Rule(get=CHANGE, post=CHANGE, of="phase", does=302),
    "milestone_add": Rule(get=CHANGE, post=CHANGE),
    "milestone_edit": Rule(get=CHANGE, post=CHANGE, of="milestone"),
    "milestone_remove": Rule(post=CHANGE, of="milestone", does=302),
    "audit_list": Rule(get="audit.view"),
    "audit_export": Rule(get="audit.view"),
    "audit_verify": Rule(post="audit.view", does=200),
}
