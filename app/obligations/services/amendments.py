"""Publishing a new version of a mechanism."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from audit.services import Entry, changing, record, record_many
from django.core.exceptions import ValidationError
from django.db.models import F
from files.models import StoredFile
from registers.models import Condition, Mechanism, MechanismVersion, Project
from registers.services.changing import require
from registers.services.mechanisms import first_version
from registers.sorting import compact

from obligations.amendments import Amendment, Effect, Fate, Outcome, amendment_outcomes, seal_of
from obligations.models import Obligation, Occurrence, Suspension
from obligations.services.projection import project_occurrences
from obligations.states import Lifecycle, OccurrenceState


class StaleAmendment(Exception):
    """The mechanism's conditions are no longer those about which was decided."""


def version_publish(
    *,
    actor: User,
    mechanism: Mechanism,
    amendment: Amendment,
    seal: str,
    document: StoredFile | None = None,
    document_name: str = "",
) -> MechanismVersion:
    """Publish a new version of a mechanism, all or nothing.

    Obligations of conditions that continue go with them, and their occurrences with the obligations. Of conditions that
    end, what falls due on or after the effective date is cancelled and nothing new falls due; what fell due before it
    is still to be done, and the obligation retires once nothing is left. What was submitted or closed is not touched.

    Args:
        actor: who publishes it; needs `mechanism.publish` in the project.
        mechanism: whose version.
        amendment: what was decided.
        seal: of the conditions about which it was decided.
        document: the amendment as issued.
        document_name: the file's name as it was uploaded.

    Raises:
        PermissionDenied: the actor may not publish versions here.
        StaleAmendment: the conditions were changed meanwhile; nothing was written.
        ValidationError: the decisions do not go together; nothing was written.
    """
    project = mechanism.project
    require(actor, "mechanism.publish", project)
    with changing(project.organisation):
        rows = Mechanism.objects.select_for_update(of=("self",)).select_related("project__organisation")
        current = rows.get(pk=mechanism.pk)
        if seal_of(current) != seal:
            raise StaleAmendment
        outcomes = amendment_outcomes(current, amendment, project.today)
        last = current.versions.first() or first_version(actor, current)
        version = MechanismVersion.objects.create(
            mechanism=current,
            number=last.number + 1,
            label=amendment.label,
            effective_on=amendment.effective_on,
            summary=amendment.summary,
            document=document,
            document_name=document_name,
            published_by=actor,
        )
        entries = _change_conditions(current, version, outcomes)
        entries += _add_conditions(current, version, amendment, outcomes)
        for outcome in outcomes:
            if outcome.decision.fate == Fate.END:
                entries += [_end(effect, version, actor) for effect in outcome.effects]
        project_occurrences([effect.obligation.pk for outcome in outcomes for effect in outcome.effects])
        said = {
            "version": (str(last), str(version)),
            "effective": (last.effective_on, version.effective_on),
            "new words": ([], [str(one.condition.number) for one in outcomes if one.decision.fate == Fate.REWORD]),
            "ended": ([], [str(one.condition.number) for one in outcomes if one.decision.fate == Fate.END]),
            "new": ([], [one.number for one in amendment.new]),
        }
        first = Entry("version.publish", current, project.pk, changes=said, reason=amendment.summary)
        record_many(project.organisation, actor, [first, *entries])
    return version


def retire_ended(project: Project, on: date) -> int:
    """Retire a project's obligations whose condition has ended and of which nothing is left to do.

    Args:
        project: whose obligations.
        on: the project's day.

    Returns:
        how many were retired.
    """
    unfinished = Occurrence.objects.unfinished().values("obligation")
    ended = project.obligations.filter(condition__ended_on__lte=on).exclude(lifecycle=Lifecycle.RETIRED)
    finished = ended.exclude(pk__in=unfinished).select_related("mechanism", "condition__ended")
    for obligation in finished:
        version = obligation.condition.ended if obligation.condition else None
        with changing(project.organisation):
            changes = _retire(obligation)
            entry = Entry("obligation.retire", obligation, project.pk, changes=changes, reason=f"amended: {version}")
            record(project.organisation, None, entry)
            project_occurrences([obligation.pk])
    return len(finished)


def _change_conditions(mechanism: Mechanism, version: MechanismVersion, outcomes: list[Outcome]) -> list[Entry]:
    ended = {"ended": version, "ended_on": version.effective_on}
    # All at once, before any successor comes: two conditions may swap their numbers.
    Condition.objects.filter(pk__in=[outcome.condition.pk for outcome in outcomes]).update(**ended)
    entries: list[Entry] = []
    successors: dict[int, Condition] = {}
    reworded = [outcome for outcome in outcomes if outcome.decision.fate == Fate.REWORD]
    for outcome in reworded:
        old, decision = outcome.condition, outcome.decision
        successors[old.pk] = Condition.objects.create(
            mechanism=mechanism,
            parent=successors.get(old.parent_id or 0, old.parent),
            number=decision.number or old.number,
            heading=decision.heading,
            text=decision.text,
            is_objective=old.is_objective,
            introduced=version,
            supersedes=old,
        )
    for key, successor in successors.items():
        Condition.objects.filter(parent=key, ended_on=None).update(parent=successor)
    _renumber(reworded)
    for outcome in reworded:
        entries += [_rehome(effect, outcome, successors[outcome.condition.pk]) for effect in outcome.effects]
    return entries


def _renumber(reworded: list[Outcome]) -> None:
    """Take numbers that change off their obligations, so that two of them can swap theirs."""
    for outcome in reworded:
        for effect in outcome.effects:
            if _number(effect, outcome) != effect.obligation.number:
                Obligation.objects.filter(pk=effect.obligation.pk).update(number=f"~{effect.obligation.pk}")


def _number(effect: Effect, outcome: Outcome) -> str:
    """Return the obligation's number afterwards: it follows its condition's where it was the same."""
    follows = compact(effect.obligation.number) == compact(outcome.condition.number)
    return (outcome.decision.number or effect.obligation.number) if follows else effect.obligation.number


def _rehome(effect: Effect, outcome: Outcome, successor: Condition) -> Entry:
    obligation = effect.obligation
    changes: dict[str, tuple[object, object]] = {"condition": (outcome.condition.number, successor.number)}
    if effect.new_words:
        changes["requirement"] = (obligation.requirement, successor.text)
        obligation.requirement = successor.text
    number = _number(effect, outcome)
    if number != obligation.number:
        if Obligation.objects.filter(mechanism=obligation.mechanism_id, number=number).exists():
            raise ValidationError(
                f"{obligation.mechanism} has an obligation {number} already: renumber that one first."
            )
        changes["number"] = (obligation.number, number)
        obligation.number = number
    obligation.condition = successor
    obligation.version += 1
    obligation.save()
    return Entry("obligation.amend", obligation, obligation.project_id, changes=changes)


def _add_conditions(
    mechanism: Mechanism, version: MechanismVersion, amendment: Amendment, outcomes: list[Outcome]
) -> list[Entry]:
    entries = []
    successors = {row.supersedes_id: row for row in version.introduces.all()}
    for new in amendment.new:
        row = Condition(mechanism=mechanism, number=new.number, heading=new.heading, text=new.text, introduced=version)
        row.parent_id = successors[new.parent].pk if new.parent in successors else new.parent
        row.full_clean(exclude=["sort_key"])
        row.save()
        changes = {"number": ("", row.number), "text": ("", row.text)}
        entries.append(Entry("condition.add", row, mechanism.project_id, changes=changes))
    return entries


def _end(effect: Effect, version: MechanismVersion, actor: User) -> Entry:
    """Cancel what the condition's end makes needless, and let nothing of it fall due again."""
    obligation, reason = effect.obligation, f"amended: {version}"
    Occurrence.objects.filter(pk__in=[one.pk for one in effect.cancelled]).update(
        state=OccurrenceState.CANCELLED,
        cancelled_for=reason,
        touched=True,
        version=F("version") + 1,
    )
    Suspension.objects.create(obligation=obligation, starts_on=version.effective_on, reason=reason, recorded_by=actor)
    changes: dict[str, tuple[object, object]] = {
        "cancelled": ([one.due_date for one in effect.cancelled if one.due_date], []),
    }
    if effect.retires:
        changes |= _retire(obligation)
    return Entry("obligation.end", obligation, obligation.project_id, changes=changes, reason=reason)


def _retire(obligation: Obligation) -> dict[str, tuple[object, object]]:
    before, obligation.lifecycle = obligation.lifecycle, Lifecycle.RETIRED
    obligation.version += 1
    obligation.save()
    return {"lifecycle": (before, str(Lifecycle.RETIRED))}
