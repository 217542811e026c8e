"""What a report says: the register over a period, and what people wrote and judged. The only place that computes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q
from obligations.models import CorrectiveAction, Evidence, NonCompliance, Obligation, Occurrence
from obligations.states import Lifecycle, OccurrenceState
from registers.models import Mechanism

from reports.statutory.findings import Finding, Period, concerns, finding, in_period
from reports.statutory.models import LineOverride, StatutoryReport

# Of the shape of what is frozen. A later release that changes the shape goes on reading the older ones.
FORMAT = 1


class _Register(NamedTuple):
    """The rows that a report is computed from, by the key of their obligation."""

    obligations: list[Obligation]
    occurrences: dict[int, list[Occurrence]]
    last: dict[int, Occurrence]
    non_compliances: dict[int, list[NonCompliance]]
    evidence: dict[int, list[Evidence]]
    actions: dict[int, list[CorrectiveAction]]


def content(report: StatutoryReport) -> dict[str, Any]:
    """Return all that a report says as the register stands now: text and numbers only, ready to be frozen."""
    layout, period = report.layout, Period(report.period_start, report.period_end, report.project.today)
    mechanisms = _with_plans(report.mechanism)
    register = _read(mechanisms, period)
    overrides = {row.obligation_id: row for row in report.overrides.select_related("judged_by")}
    lines, index = [], _index(register)
    proofs: dict[int, list[str]] = defaultdict(list)
    for entry in index:
        proofs[entry["obligation_key"]].append(f"{entry['number']} {entry['name']}")
    for obligation in register.obligations:
        if layout.only_findings and obligation.pk not in register.non_compliances:
            continue
        lines.append(
            _line(
                obligation,
                register,
                proofs[obligation.pk],
                override=overrides.get(obligation.pk),
                period=period,
                terms=layout.status,
            )
        )
    shown = {line["key"] for line in lines}
    written = dict(report.narratives.values_list("key", "text"))
    return {
        "format": FORMAT,
        "layout": {
            "key": layout.key,
            "name": layout.name,
            "short": layout.short,
            "follows": layout.follows,
            "numbered": layout.numbered,
            # A list, for the keys of JSON are sorted.
            "status": [{"finding": key, **term} for key, term in layout.status.items()],
            "parts": [dict(part) for part in layout.parts],
        },
        "project": report.project.name,
        "organisation": report.project.organisation.name,
        "revision": report.revision,
        "facts": _facts(report, mechanisms),
        "narrative": {key: written.get(key, "") for key in layout.narratives},
        "lines": lines,
        "findings": [
            _non_compliance(row, obligation, register)
            for obligation in register.obligations
            for row in register.non_compliances.get(obligation.pk, ())
            if obligation.pk in shown
        ],
        "evidence": [entry for entry in index if entry["obligation_key"] in shown],
    }


def _with_plans(mechanism: Mechanism) -> list[Mechanism]:
    """Return a mechanism and the plans that it requires: who departs from an approved plan departs from it."""
    found, below = [mechanism], [mechanism]
    while below:
        below = list(Mechanism.objects.filter(parent__in=below).exclude(pk__in=[one.pk for one in found]))
        found += below
    return found


def _read(mechanisms: Sequence[Mechanism], period: Period) -> _Register:
    order = {mechanism.pk: place for place, mechanism in enumerate(mechanisms)}
    occurrences: dict[int, list[Occurrence]] = defaultdict(list)
    of_these = Occurrence.objects.filter(obligation__mechanism__in=mechanisms)
    for one in of_these.filter(in_period(period)).order_by("obligation", "due_date", "sequence"):
        occurrences[one.obligation_id].append(one)
    last: dict[int, Occurrence] = {}
    closed = of_these.filter(state=OccurrenceState.CLOSED, completed_on__lte=period.end)
    for one in closed.order_by("completed_on", "sequence"):
        last[one.obligation_id] = one
    non_compliances: dict[int, list[NonCompliance]] = defaultdict(list)
    for row in NonCompliance.objects.filter(obligation__mechanism__in=mechanisms).order_by("number"):
        if concerns(row, period):
            non_compliances[row.obligation_id].append(row)
    # What was retired counts for the periods in which something happened.
    living = ~Q(lifecycle=Lifecycle.RETIRED) | Q(pk__in={*occurrences, *non_compliances})
    rows = Obligation.objects.filter(living, mechanism__in=mechanisms).select_related(
        "mechanism", "aspect", "phase", "procedure", "rule"
    )
    obligations = sorted(rows, key=lambda one: (order[one.mechanism_id], one.sort_key, one.pk))
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    proofs = Evidence.objects.current().filter(obligation__mechanism__in=mechanisms).select_related("file")
    here = {one.pk for each in occurrences.values() for one in each}
    for proof in proofs.order_by("effective_on", "pk"):
        if proof.occurrence_id in here or (proof.occurrence_id is None and period.has(proof.effective_on)):
            evidence[proof.obligation_id].append(proof)
    actions: dict[int, list[CorrectiveAction]] = defaultdict(list)
    numbers = [row.pk for each in non_compliances.values() for row in each]
    for action in CorrectiveAction.objects.filter(non_compliance__in=numbers).order_by("due_on", "pk"):
        actions[action.non_compliance_id].append(action)
    return _Register(obligations, dict(occurrences), last, dict(non_compliances), dict(evidence), dict(actions))


def _index(register: _Register) -> list[dict[str, Any]]:
    """Number the evidence in the order of the obligations."""
    named = {one.pk: one for each in register.occurrences.values() for one in each}
    index: list[dict[str, Any]] = []
    for obligation in register.obligations:
        for proof in register.evidence.get(obligation.pk, ()):
            one = named.get(proof.occurrence_id) if proof.occurrence_id else None
            index.append(
                {
                    "number": f"E{len(index) + 1}",
                    "obligation_key": obligation.pk,
                    "file_key": proof.file_id,
                    "code": obligation.code,
                    "occurrence": day(one.due_date or one.triggered_on or one.completed_on) if one else "",
                    "name": proof.name,
                    "description": proof.description,
                    "effective_on": day(proof.effective_on),
                    "size": proof.file.size,
                    "sha256": proof.file.sha256,
                }
            )
    return index


def _line(
    obligation: Obligation,
    register: _Register,
    proofs: Iterable[str],
    *,
    override: LineOverride | None,
    period: Period,
    terms: Any,
) -> dict[str, Any]:
    occurrences = register.occurrences.get(obligation.pk, [])
    rows = register.non_compliances.get(obligation.pk, [])
    last = register.last.get(obligation.pk)
    computed = finding(obligation, occurrences, rows, last, period)
    holds = Finding(override.finding, override.reason) if override else computed
    notes = [one.note for one in occurrences if one.note]
    information = sentences([holds.reason, *_lateness(occurrences), *notes])
    evidence = "\n".join(filter(None, [obligation.evidence_notes, *proofs]))
    return {
        "key": obligation.pk,
        "code": obligation.code,
        "subject": obligation.title or (obligation.aspect.name if obligation.aspect else ""),
        "requirement": obligation.requirement,
        "how": obligation.interpretation or (obligation.procedure.name if obligation.procedure else ""),
        "procedure": obligation.procedure.name if obligation.procedure else "",
        "evidence": evidence,
        "satisfies": obligation.satisfies,
        "advice": obligation.advice,
        "phase": obligation.phase.name if obligation.phase else "",
        "when": _when(obligation, occurrences),
        "last_done": day(last.completed_on) if last else "",
        "finding": holds.value,
        "status": terms[holds.value]["code"],
        "computed": computed.value,
        "computed_status": terms[computed.value]["code"],
        "computed_reason": computed.reason,
        "judged_by": str(override.judged_by) if override else "",
        "information": information,
        "remarks": "\n".join(filter(None, [information, evidence])),
        "occurrences": len(occurrences),
    }


def _lateness(occurrences: Iterable[Occurrence]) -> list[str]:
    return [
        f"Due on {one.due_date:%-d %B %Y}, done on {one.completed_on:%-d %B %Y}."
        for one in occurrences
        if one.due_date and one.completed_on and one.completed_on > one.due_date
    ]


def _when(obligation: Obligation, occurrences: Sequence[Occurrence]) -> str:
    rule = getattr(obligation, "rule", None)
    often = obligation.get_recurring_frequency_display() or (rule.get_basis_display() if rule else "")
    due = [one.due_date for one in occurrences if one.due_date]
    if not due:
        return str(often)
    if len(due) > 2:
        return f"{often}; {len(due)} times in the period"
    return f"{often}; due {' and '.join(day(one) for one in due)}"


def _facts(report: StatutoryReport, mechanisms: Sequence[Mechanism]) -> dict[str, str]:
    mechanism, version = report.mechanism, report.mechanism.versions.order_by("-number").first()
    return {
        "reference": mechanism.reference,
        "kind": mechanism.get_kind_display(),
        "title": mechanism.title or report.project.name,
        "holder": mechanism.holder or report.project.organisation.name,
        "regulator": mechanism.regulator,
        "issued": day(mechanism.issued),
        "effective": day(mechanism.effective),
        "expires": day(mechanism.expires),
        "version": f"{version}, from {day(version.effective_on)}" if version else "",
        "plans": ", ".join(plan.reference for plan in mechanisms[1:]),
        "period": report.period,
        "revision": str(report.revision),
        "prepared_by": str(report.prepared_by),
    }


def _non_compliance(row: NonCompliance, obligation: Obligation, register: _Register) -> dict[str, str]:
    last = row.occurred_to if row.occurred_to != row.occurred_from else None
    until = " and continuing" if row.is_continuing else f" to {day(last)}" if last else ""
    told = ", ".join(filter(None, [day(row.notified_on), row.notified_how, row.notified_reference]))
    due = f"due by {day(row.notification_due)}" if row.notification_due else ""
    return {
        "reference": row.reference,
        "title": row.title,
        "finding": row.kind,
        "obligation": obligation.code,
        "requirement": obligation.requirement,
        "kind": row.get_kind_display(),
        "dates": f"{day(row.occurred_from)}{until}" if row.occurred_from else "Not known",
        "times": str(len(register.non_compliances[obligation.pk])),
        "aware_on": day(row.aware_on),
        "continuing": "Yes" if row.is_continuing else "No",
        "medium": row.get_medium_display(),
        "pollution_incident": ", ".join(
            filter(None, ["Yes" if row.is_pollution_incident else "No", row.incident_reference])
        ),
        "location": row.location,
        "description": row.description,
        "cause": row.cause,
        "mitigation": row.mitigation,
        "prevention": row.prevention,
        "notified": "; ".join(filter(None, [told or "Not yet", due])),
        "actions": "\n".join(_action(action) for action in register.actions.get(row.pk, ())),
    }


def _action(action: CorrectiveAction) -> str:
    done = f"completed {day(action.completed_on)}" if action.completed_on else "not completed"
    checked = {True: ", found effective", False: ", found not effective", None: ""}[action.is_effective]
    what = action.description.strip()
    stop = "" if what.endswith((".", "!", "?")) else "."
    return f"{what}{stop} Due {day(action.due_on)}, {done}{checked}."


def day(value: date | None) -> str:
    """Return a day as documents write it; empty for none."""
    return f"{value:%-d %B %Y}" if value else ""


def sentences(parts: Iterable[str]) -> str:
    """Join what stands as sentences of their own, each once."""
    return " ".join(dict.fromkeys(part.strip() for part in parts if part.strip()))
