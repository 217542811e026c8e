"""What happens to a report: begun, written, judged, finalised, signed, withdrawn, revised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone
from obligations.models import Obligation
from registers.models import Mechanism, Project
from registers.services.changing import note, require

from reports.statutory.computing import content
from reports.statutory.freezing import canonical, digest, frozen
from reports.statutory.layouts import layouts
from reports.statutory.models import LineOverride, Narrative, StatutoryReport

State = StatutoryReport.State


class StaleNarrative(Exception):
    """Somebody saved the same part since the page was opened; `current` is what is stored now."""

    def __init__(self, current: Narrative) -> None:
        super().__init__(f"{current} is at version {current.version}")
        self.current = current


def report_begin(
    *, actor: User, project: Project, mechanism: Mechanism, layout_key: str, period_start: date, period_end: date
) -> StatutoryReport:
    """Begin a report, or the next revision of one that was finalised or withdrawn.

    Args:
        actor: who prepares it; needs `report.generate`.
        project: whose register it is computed from.
        mechanism: what it reports on.
        layout_key: the kind of report.
        period_start: the first day of the period.
        period_end: its last day.

    Raises:
        PermissionDenied: the actor may not prepare reports here.
        ValidationError: the kind is not for that mechanism, the days are in the wrong order, or a draft exists.
    """
    require(actor, "report.generate", project)
    layout = layouts().get(layout_key)
    if layout is None or mechanism.project_id != project.pk:
        raise ValidationError({"layout_key": "Choose one of the kinds of report."})
    if not layout.suits(mechanism.kind):
        message = f"The {layout.name} is not made for a {mechanism.get_kind_display()}: choose another kind of report."
        raise ValidationError({"layout_key": message})
    if period_end < period_start:
        raise ValidationError({"period_end": "The period ends before it starts: look at both days."})
    with changing(project.organisation):
        same = project.statutory_reports.filter(
            mechanism=mechanism, layout_key=layout_key, period_start=period_start, period_end=period_end
        )
        if same.filter(state=State.DRAFT).exists():
            raise ValidationError(
                f"There is a draft of this report already, revision {same.filter(state=State.DRAFT)[0].revision}: "
                "go on with that one."
            )
        before = same.order_by("-revision").first()
        last = same.aggregate(last=Max("revision"))["last"]
        report = StatutoryReport.objects.create(
            project=project,
            mechanism=mechanism,
            layout_key=layout_key,
            period_start=period_start,
            period_end=period_end,
            revision=0 if last is None else last + 1,
            prepared_by=actor,
        )
        report.authors.add(actor)
        if before is not None:
            _carry_over(before, report, actor)
        note(actor, project, "report.begin", report)
    return report


def narrative_write(*, actor: User, report: StatutoryReport, key: str, text: str, expected_version: int) -> Narrative:
    """Store what somebody wrote in one part of a draft.

    Args:
        actor: who wrote it; needs `report.generate`.
        report: a draft.
        key: of the part.
        text: all of it.
        expected_version: of the text that the actor began with; 0 if there was none.

    Raises:
        PermissionDenied: the actor may not prepare reports here.
        StaleNarrative: somebody stored another text meanwhile; nothing was written.
        ValidationError: the report is no draft any more, or it has no such part.
    """
    require(actor, "report.generate", report.project)
    text = text.replace("\r\n", "\n")
    with _draft(report) as current:
        if key not in current.layout.narratives:
            raise ValidationError("This report has no such part.")
        stored = current.narratives.filter(key=key).first()
        if stored is not None and stored.text == text:
            return stored
        if (stored.version if stored else 0) != expected_version:
            raise StaleNarrative(stored or Narrative(report=current, key=key, version=0))
        before = stored.text if stored else ""
        row = stored or Narrative(report=current, key=key, version=0)
        row.text, row.version, row.written_by = text, row.version + 1, actor
        row.save()
        current.authors.add(actor)
        note(actor, current.project, "report.write", current, changes={key: (before, text)})
    return row


def line_judge(
    *, actor: User, report: StatutoryReport, obligation: Obligation, finding: str, reason: str
) -> LineOverride:
    """Let a line of a draft show another status than the computed one.

    Args:
        actor: who judges so; needs `report.generate`.
        report: a draft.
        obligation: the line's.
        finding: a key of the layout's status terms.
        reason: why, for the report and the record.

    Raises:
        PermissionDenied: the actor may not prepare reports here.
        ValidationError: no reason, no such status, or the report is no draft any more.
    """
    require(actor, "report.generate", report.project)
    if finding not in report.layout.status:
        raise ValidationError({"finding": "Choose one of the report's status terms."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the reason stands in the report and is kept in the record."})
    with _draft(report) as current:
        terms = current.layout.status
        old = current.overrides.filter(obligation=obligation).first()
        row, _ = LineOverride.objects.update_or_create(
            report=current,
            obligation=obligation,
            defaults={"finding": finding, "reason": reason.strip(), "judged_by": actor},
        )
        current.authors.add(actor)
        said = (terms[old.finding]["code"] if old else None, terms[finding]["code"])
        note(actor, current.project, "report.judge", current, changes={obligation.code: said}, reason=reason.strip())
    return row


def line_recompute(*, actor: User, report: StatutoryReport, obligation: Obligation) -> None:
    """Let a line show its computed status again.

    Raises:
        PermissionDenied: the actor may not prepare reports here.
        ValidationError: the report is no draft any more.
    """
    require(actor, "report.generate", report.project)
    with _draft(report) as current:
        old = current.overrides.filter(obligation=obligation).first()
        if old is not None:
            said = (current.layout.status[old.finding]["code"], None)
            old.delete()
            note(actor, current.project, "report.judge", current, changes={obligation.code: said})


def report_finalise(*, actor: User, report: StatutoryReport) -> StatutoryReport:
    """Freeze what a draft says; what the same report said in an earlier revision is superseded.

    Raises:
        PermissionDenied: the actor may not finalise reports here.
        ValidationError: it is finalised already, or its period is not over.
    """
    require(actor, "report.finalise", report.project)
    with _draft(report) as current:
        if current.period_end >= current.project.today:
            raise ValidationError(
                f"The period runs until {current.period_end:%-d %B %Y}: finalise the report when it is over."
            )
        current.authors.add(actor)
        current.snapshot = canonical(content(current))
        current.sha256 = digest(current.snapshot)
        current.finalised_at, current.finalised_by = _now(), actor
        current.state, current.asked_at = State.FINALISED, current.finalised_at
        current.save()
        note(actor, current.project, "report.finalise", current, changes={"sha256": (None, current.sha256)})
        for old in _others(current).filter(state__in=[State.FINALISED, State.SIGNED]):
            _move(old, State.SUPERSEDED)
            note(actor, old.project, "report.supersede", old, reason=f"By revision {current.revision}.")
    return current


def report_sign(*, actor: User, report: StatutoryReport, name: str, position: str) -> StatutoryReport:
    """Sign a finalised report, as somebody who had no part in preparing it.

    Args:
        actor: who signs; needs `report.sign`.
        report: which.
        name: as it stands beneath the declaration.
        position: that of the person who signs.

    Raises:
        PermissionDenied: the actor may not sign reports here.
        TamperedSnapshot: what was finalised was changed.
        ValidationError: it is not finalised, the actor helped to prepare it, or name or position are missing.
    """
    require(actor, "report.sign", report.project)
    said = "Enter it as it is to stand beneath the declaration."
    missing = {field: said for field, entered in (("name", name), ("position", position)) if not entered.strip()}
    if missing:
        raise ValidationError(missing)
    with changing(report.project.organisation):
        current = _stored(report)
        if current.state != State.FINALISED:
            raise ValidationError("Only a finalised report can be signed, and only once.")
        took_part = {current.prepared_by_id, current.finalised_by_id, *current.authors.values_list("pk", flat=True)}
        if actor.pk in took_part:
            raise ValidationError("You helped to prepare this report: somebody else has to sign it.")
        frozen(current)
        current.signed_at, current.signed_by = _now(), actor
        current.signed_name, current.signed_position = name.strip(), position.strip()
        current.state, current.asked_at = State.SIGNED, current.signed_at
        current.save()
        changes = {"signed_name": ("", current.signed_name), "signed_position": ("", current.signed_position)}
        note(actor, current.project, "report.sign", current, changes=changes)
    return current


def report_withdraw(*, actor: User, report: StatutoryReport, reason: str) -> StatutoryReport:
    """Withdraw a report: it is kept with what it said, and says so.

    Raises:
        PermissionDenied: the actor may not finalise reports here.
        ValidationError: there is no reason, or it is withdrawn or superseded already.
    """
    require(actor, "report.finalise", report.project)
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the reason is kept in the record."})
    with changing(report.project.organisation):
        current = _stored(report)
        if current.state not in {State.FINALISED, State.SIGNED}:
            raise ValidationError("Only a report that is finalised and not superseded can be withdrawn.")
        current.withdrawn_at, current.withdrawn_by, current.withdrawn_for = _now(), actor, reason.strip()
        _move(current, State.WITHDRAWN)
        note(actor, current.project, "report.withdraw", current, reason=reason.strip())
    return current


def report_discard(*, actor: User, report: StatutoryReport) -> None:
    """Remove a draft.

    Raises:
        PermissionDenied: the actor may not prepare reports here.
        ValidationError: it is no draft any more.
    """
    require(actor, "report.generate", report.project)
    with _draft(report) as current:
        note(actor, current.project, "report.discard", current)
        current.delete()


def _carry_over(before: StatutoryReport, report: StatutoryReport, actor: User) -> None:
    """Begin with what the revision before said in words and judgements; the rest is computed anew."""
    texts = [Narrative(report=report, key=row.key, text=row.text, written_by=actor) for row in before.narratives.all()]
    Narrative.objects.bulk_create(texts)
    LineOverride.objects.bulk_create(
        LineOverride(
            report=report, obligation_id=row.obligation_id, finding=row.finding, reason=row.reason, judged_by=actor
        )
        for row in before.overrides.all()
    )
    report.authors.add(*before.authors.all())


@contextmanager
def _draft(report: StatutoryReport) -> Iterator[StatutoryReport]:
    with changing(report.project.organisation):
        current = _stored(report)
        if not current.is_draft:
            raise ValidationError("This report is finalised: begin another revision to change it.")
        yield current


def _stored(report: StatutoryReport) -> StatutoryReport:
    return (
        StatutoryReport.objects.select_for_update(of=("self",))
        .select_related("project__organisation", "mechanism", "prepared_by")
        .get(pk=report.pk)
    )


def _others(report: StatutoryReport) -> Any:
    same: Mapping[str, Any] = {
        name: getattr(report, name) for name in ("mechanism", "layout_key", "period_start", "period_end")
    }
    return (
        StatutoryReport.objects.select_related("project__organisation", "mechanism")
        .filter(**same)
        .exclude(pk=report.pk)
    )


def _move(report: StatutoryReport, state: State) -> None:
    report.state = state
    # Documents that say so are made when somebody asks.
    report.save()


def _now() -> Any:
    """Return the time to the second, which is what documents carry."""
    return timezone.now().replace(microsecond=0)
