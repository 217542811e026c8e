"""Reports to regulators: computed from the register, frozen for good, signed by somebody else."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from obligations.models import NonCompliance
from registers.models import Project

from reports.statutory import services
from reports.statutory.computing import content
from reports.statutory.freezing import TamperedSnapshot, frozen
from reports.statutory.layouts import layouts
from reports.statutory.models import StatutoryReport

STATUS = {
    "MS1234 1-1": "C",
    "MS1234 3-1": "NR",
    "MS1234 4-1": "CLD",
}


def begin(project: Project, actor: User, layout: str = "wa_car", reference: str = "MS 1234") -> StatutoryReport:
    """Begin a report over the twelve months that ended before the demo's today."""
    return services.report_begin(
        actor=actor,
        project=project,
        mechanism=project.mechanisms.get(reference=reference),
        layout_key=layout,
        period_start=date(2025, 11, 20),
        period_end=date(2026, 11, 19),
    )


def test_the_audit_table_has_every_element_of_the_statement_and_of_its_plans(project: Project, advisor: User) -> None:
    told = content(begin(project, advisor))
    codes = [line["code"] for line in told["lines"]]
    of_statement = project.obligations.filter(mechanism__reference__in=["MS 1234", "WR-CEMP Rev 2"])
    assert sorted(codes) == sorted(one.code for one in of_statement.select_related("mechanism"))
    assert [code.split()[0] for code in codes] == sorted((code.split()[0] for code in codes), reverse=True)


def test_statuses_follow_from_what_happened(project: Project, advisor: User) -> None:
    lines = {line["code"]: line for line in content(begin(project, advisor))["lines"]}
    assert {code: lines[code]["status"] for code in STATUS} == STATUS
    assert lines["CEMP 4.2"]["status"] == "NC"
    assert "NC-001" in lines["CEMP 4.2"]["information"]
    assert lines["MS1234 6-2(3)"]["status"] == "PNC"


def test_a_dismissed_non_compliance_counts_no_more(project: Project, advisor: User) -> None:
    report = begin(project, advisor)
    NonCompliance.objects.update(status=NonCompliance.Status.DISMISSED)
    told = content(report)
    assert told["findings"] == []


@pytest.mark.parametrize("key", sorted(layouts()))
def test_each_kind_of_report_is_computed(project: Project, advisor: User, key: str) -> None:
    layout = layouts()[key]
    mechanism = next(one for one in project.mechanisms.order_by("pk") if layout.suits(one.kind))
    told = content(begin(project, advisor, key, mechanism.reference))
    json.dumps(told)
    expected = project.obligations.filter(mechanism=mechanism).count() if not layout.only_findings else 0
    assert len(told["lines"]) >= expected
    assert {line["status"] for line in told["lines"]} <= set(layout.codes)


def test_a_status_is_judged_with_a_reason_only(project: Project, advisor: User) -> None:
    report = begin(project, advisor)
    duty = project.obligations.get(mechanism__reference="MS 1234", number="6-2(3)")
    with pytest.raises(ValidationError):
        services.line_judge(actor=advisor, report=report, obligation=duty, finding="compliant", reason=" ")
    services.line_judge(actor=advisor, report=report, obligation=duty, finding="compliant", reason="Mapped in May.")
    line = next(line for line in content(report)["lines"] if line["key"] == duty.pk)
    assert (line["status"], line["computed_status"], line["judged_by"]) == ("C", "PNC", str(advisor))
    assert "Mapped in May." in line["information"]
    event = AuditEvent.objects.filter(action="report.judge").latest("sequence")
    assert (event.reason, event.changes) == ("Mapped in May.", {"MS1234 6-2(3)": [None, "C"]})


def test_a_finalised_report_stays_as_it_was(project: Project, manager: User) -> None:
    report = services.report_finalise(actor=manager, report=begin(project, manager))
    before = frozen(report)
    project.obligations.update(requirement="Something else")
    NonCompliance.objects.update(status=NonCompliance.Status.DISMISSED)
    again = StatutoryReport.objects.get(pk=report.pk)
    assert frozen(again) == before
    assert content(again) != before
    with pytest.raises(ValidationError, match="another revision"):
        services.narrative_write(actor=manager, report=again, key="introduction", text="x", expected_version=0)


def test_a_changed_snapshot_is_refused(project: Project, manager: User, approver: User) -> None:
    report = services.report_finalise(actor=manager, report=begin(project, manager))
    StatutoryReport.objects.filter(pk=report.pk).update(snapshot=report.snapshot.replace('"NC"', '"C"'))
    with pytest.raises(TamperedSnapshot):
        services.report_sign(actor=approver, report=report, name="A", position="B")


def test_a_period_that_runs_on_is_not_finalised(project: Project, manager: User) -> None:
    report = begin(project, manager)
    StatutoryReport.objects.update(period_end=project.today)
    with pytest.raises(ValidationError, match="when it is over"):
        services.report_finalise(actor=manager, report=report)


def test_nobody_signs_what_they_helped_to_prepare(project: Project, manager: User, approver: User) -> None:
    report = begin(project, manager)
    report.authors.add(approver)
    report = services.report_finalise(actor=manager, report=report)
    with pytest.raises(PermissionDenied):
        services.report_sign(actor=manager, report=report, name="M", position="Manager")
    with pytest.raises(ValidationError, match="somebody else"):
        services.report_sign(actor=approver, report=report, name="A", position="Approver")
    report.authors.remove(approver)
    signed = services.report_sign(actor=approver, report=report, name="Ada Approver", position="Director")
    assert (signed.state, signed.signed_by, signed.sha256) == ("signed", approver, report.sha256)


def test_the_database_refuses_the_preparers_signature(project: Project, manager: User) -> None:
    report = services.report_finalise(actor=manager, report=begin(project, manager))
    rows = StatutoryReport.objects.filter(pk=report.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(signed_by=manager, signed_at=report.finalised_at, state="signed")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="signed")


def test_a_new_revision_supersedes_the_old_one_and_keeps_its_words(project: Project, manager: User) -> None:
    first = begin(project, manager)
    services.narrative_write(actor=manager, report=first, key="introduction", text="Words.", expected_version=0)
    services.report_finalise(actor=manager, report=first)
    second = begin(project, manager)
    assert (second.revision, second.narratives.get().text) == (1, "Words.")
    with pytest.raises(ValidationError, match="draft of this report already"):
        begin(project, manager)
    services.report_finalise(actor=manager, report=second)
    first.refresh_from_db()
    assert first.state == "superseded"


def test_of_two_who_write_at_once_the_second_is_told(project: Project, manager: User, advisor: User) -> None:
    report = begin(project, manager)
    services.narrative_write(actor=manager, report=report, key="introduction", text="Mine.", expected_version=0)
    with pytest.raises(services.StaleNarrative) as stale:
        services.narrative_write(actor=advisor, report=report, key="introduction", text="Theirs.", expected_version=0)
    assert stale.value.current.text == "Mine."


def test_everything_is_recorded(project: Project, manager: User, approver: User) -> None:
    report = begin(project, manager)
    services.report_finalise(actor=manager, report=report)
    services.report_sign(actor=approver, report=report, name="Ada", position="Director")
    services.report_withdraw(actor=manager, report=report, reason="Wrong period.")
    told = Counter(AuditEvent.objects.filter(action__startswith="report.").values_list("action", flat=True))
    assert told == Counter(["report.begin", "report.finalise", "report.sign", "report.withdraw"])
