"""What each role may do, in the words of those who have it: made of the one table, for a page and for the documents."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.roles import PERMISSIONS, Role

# Each permission in words, by part of the site; a test keeps it whole. `….own` stands beside the one that it narrows.
WORDS: dict[str, dict[str, str]] = {
    "The register": {
        "register.view": "See the project, its register, calendar and figures",
        "obligation.add": "Add obligations",
        "obligation.change": "Change obligations, their recurrence and who is responsible",
        "obligation.bulk_edit": "Change many obligations at once",
        "obligation.retire": "Suspend, resume, retire and reinstate obligations",
        "comment.add": "Comment",
        "view.share": "Share saved views with the project",
        "import.run": "Import registers",
        "export.run": "Export registers",
    },
    "Approvals": {
        "mechanism.add": "Add mechanisms",
        "mechanism.change": "Change mechanisms, conditions, phases, milestones and holidays",
        "mechanism.publish": "Publish new versions of mechanisms",
    },
    "What falls due": {
        "occurrence.update": "Start work, set internal targets, record what triggers an obligation",
        "occurrence.submit": "Submit for review",
        "occurrence.close": "Close, or return for more work",
        "occurrence.extend": "Record extensions",
        "occurrence.cancel": "Cancel",
        "occurrence.reopen": "Reopen",
    },
    "Evidence": {
        "evidence.view": "See and download evidence",
        "evidence.upload": "Upload evidence",
        "evidence.verify": "Review evidence and check that it is unaltered",
        "evidence.delete": "Remove evidence that is not locked",
    },
    "Inspections and findings": {
        "inspection.schedule": "Plan inspections and write checklists",
        "inspection.perform": "Perform inspections",
        "noncompliance.raise": "Raise non-compliances",
        "noncompliance.change": "Change, notify, confirm and close non-compliances",
        "corrective_action.complete": "Complete corrective actions",
        "corrective_action.close": "Complete, check and close corrective actions",
    },
    "Reports and the record": {
        "report.generate": "Prepare reports",
        "report.finalise": "Finalise reports",
        "report.sign": "Sign reports",
        "audit.view": "See, export and verify the audit trail",
    },
    "Administration": {
        "vocabulary.manage": "Keep vocabularies and procedures",
        "member.manage": "Invite people to the project, change and end their roles",
        "member.manage.organisation": "The same in all of the organisation; sign people out, reset their second factor",
        "organisation.manage": "Decide for the organisation, such as whether two people sign",
        "mail.manage": "See mails that could not be delivered, and try them again",
    },
}
YES, OWN, NO = "yes", "own", "no"
IN_WORDS = {YES: "Yes", OWN: "What is theirs", NO: "No"}


@dataclass(frozen=True)
class Line:
    """A permission in words, and how far each role has it, in the order of `Role`."""

    words: str
    reach: tuple[str, ...]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """How far each role has it, and that in words."""
        return [(reach, IN_WORDS[reach]) for reach in self.reach]


def table() -> list[tuple[str, list[Line]]]:
    """Return what each role may do, part by part."""
    return [
        (part, [Line(words, tuple(_reach(name, role) for role in Role)) for name, words in lines.items()])
        for part, lines in WORDS.items()
    ]


def as_markdown() -> str:
    """Return the documentation's page about it."""
    head = "| | " + " | ".join(role.label for role in Role) + " |\n|---|" + "---|" * len(Role)
    parts = []
    for part, lines in table():
        rows = [f"| {line.words} | " + " | ".join(_MARKS[reach] for reach in line.reach) + " |" for line in lines]
        parts.append("\n".join([f"## {part}", "", head, *rows]))
    return INTRODUCTION + "\n\n".join(parts) + "\n"


_MARKS = {YES: "yes", OWN: "theirs", NO: ""}
INTRODUCTION = """\
# Who may do what

Made by `make docs` from `app/accounts/roles.py`, which every permission check reads. A person holds a role in an
organisation and may hold another in a project; what they may do is what either lets them. *theirs* reaches what is
assigned to the person. Administrators and environment managers of an organisation see all of its projects; everybody
else sees those that they belong to, and a project that is not yours does not exist for you. Nobody gives a role that
can do more than their own. Every person needs a second factor.

Where an organisation has two people sign, who submitted an occurrence does not close it, whatever their role.

"""


def _reach(name: str, role: Role) -> str:
    if role in PERMISSIONS.get(name, ()):
        return YES
    return OWN if role in PERMISSIONS.get(f"{name}.own", ()) else NO
