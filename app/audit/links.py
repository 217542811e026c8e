"""Where the pages of what was changed are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.apps import apps
from django.urls import reverse
from registers.models import Project

from audit.models import AuditEvent

# Name in events -> its model, and the address of its page.
PAGES = {
    "condition": ("registers.Condition", "condition_detail"),
    "correctiveaction": ("obligations.CorrectiveAction", "corrective_action_detail"),
    "evidence": ("obligations.Evidence", "evidence_detail"),
    "importbatch": ("obligations.ImportBatch", "import_detail"),
    "inspection": ("obligations.Inspection", "inspection_detail"),
    "mechanism": ("registers.Mechanism", "mechanism_detail"),
    "noncompliance": ("obligations.NonCompliance", "non_compliance_detail"),
    "obligation": ("obligations.Obligation", "obligation_detail"),
    "occurrence": ("obligations.Occurrence", "occurrence_detail"),
    "procedure": ("registers.Procedure", "procedure_detail"),
    "statutoryreport": ("reports.StatutoryReport", "statutory_report"),
}


def pages_of(events: Iterable[AuditEvent], project: Project) -> dict[str, str]:
    """Return the pages of the events' subjects, by the names that events know them by.

    What has no page of its own, or is gone, leads to the page that shows the event (`topic`), if there is one.
    """
    events = list(events)
    standing = _standing({name for event in events for name in (event.subject, event.topic)})
    pages = {}
    for event in events:
        name = next((name for name in (event.subject, event.topic) if name in standing), None)
        if name:
            kind, _, key = name.partition(":")
            pages[event.subject] = reverse(PAGES[kind][1], args=[project.code, int(key)])
    return pages


def _standing(names: set[str]) -> set[str]:
    """Return which of the rows have a page and are still there."""
    keys = defaultdict(set)
    for name in names:
        kind, _, key = name.partition(":")
        if kind in PAGES:
            keys[kind].add(key)
    return {
        f"{kind}:{key}"
        for kind, wanted in keys.items()
        for key in apps.get_model(PAGES[kind][0])._default_manager.filter(pk__in=wanted).values_list("pk", flat=True)
    }
