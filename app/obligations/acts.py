"""What can be done to an occurrence: when, by whom, and what takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User

from obligations.forms import occurrences as forms
from obligations.models import DONE_STATES, OPEN_STATES, Occurrence
from obligations.services import occurrences as services
from obligations.services.authorising import holds
from obligations.states import OccurrenceState

UNDONE = "Undone."
SUBMITTED = OccurrenceState.SUBMITTED


@dataclass(frozen=True)
class OccurrenceAct:
    """Something that can be done to an occurrence on its page.

    Args:
        form: what it asks for.
        service: does it.
        permission: who may.
        states: in which it is possible.
        button: what its button says.
        said: what is said when it is done; `{}` stands for the occurrence.
        undo: the act that takes it back and what that needs to know of the occurrence as it was, if it can be.
        asks: the question that is put before it is done; empty for none.
    """

    form: type[forms.OccurrenceForm]
    service: Callable[..., Occurrence]
    permission: str
    states: tuple[str, ...]
    button: str
    said: str
    undo: Callable[..., Occurrence] | None = None
    asks: str = ""

    def permitted(self, user: User, roles: set[str], occurrence: Occurrence) -> bool:
        """Return whether a person with these roles in its project may do it to the occurrence."""
        return holds(user, roles, self.permission, occurrence.obligation, occurrence)


def _reopen(*, before: int | None, **known: Any) -> Occurrence:
    return services.occurrence_reopen(reason=UNDONE, **known)


def _stop(*, before: int | None, **known: Any) -> Occurrence:
    return services.occurrence_stop(**known)


def _give_back(*, before: int | None, occurrence: Occurrence, **known: Any) -> Occurrence:
    person = User.objects.filter(pk=before).first() if before else None
    return services.occurrence_assign(occurrence=occurrence, assigned_to=person, **known)


ACTS: dict[str, OccurrenceAct] = {
    "start": OccurrenceAct(
        forms.OccurrenceForm,
        services.occurrence_start,
        "occurrence.update",
        (OccurrenceState.SCHEDULED, OccurrenceState.OPEN),
        "Start work",
        "Work on it has started.",
        undo=_stop,
    ),
    "submit": OccurrenceAct(
        forms.CompletionForm,
        services.occurrence_submit,
        "occurrence.submit",
        OPEN_STATES,
        "Submit for review",
        "It is submitted for review.",
    ),
    "close": OccurrenceAct(
        forms.CompletionForm,
        services.occurrence_close,
        "occurrence.close",
        (*OPEN_STATES, SUBMITTED),
        "Close",
        "It is closed.",
        undo=_reopen,
    ),
    "return": OccurrenceAct(
        forms.WhyForm,
        services.occurrence_return,
        "occurrence.close",
        (SUBMITTED,),
        "Return for more work",
        "It is returned for more work.",
    ),
    "assign": OccurrenceAct(
        forms.AssignForm,
        services.occurrence_assign,
        "obligation.change",
        OPEN_STATES,
        "Assign",
        "It is assigned.",
        undo=_give_back,
    ),
    "snooze": OccurrenceAct(
        forms.SnoozeForm,
        services.occurrence_snooze,
        "occurrence.update",
        OPEN_STATES,
        "Set an internal target",
        "The internal target is set. The due date stands.",
    ),
    "extend": OccurrenceAct(
        forms.ExtendForm,
        services.occurrence_extend,
        "occurrence.extend",
        (*OPEN_STATES, SUBMITTED),
        "Record an extension",
        "The extension is recorded.",
    ),
    "cancel": OccurrenceAct(
        forms.WhyForm,
        services.occurrence_cancel,
        "occurrence.cancel",
        (*OPEN_STATES, SUBMITTED),
        "Cancel it",
        "It is cancelled.",
        undo=_reopen,
        asks="It will count as not to be done. Your reason stays in the record.",
    ),
    "reopen": OccurrenceAct(
        forms.WhyForm,
        services.occurrence_reopen,
        "occurrence.reopen",
        DONE_STATES,
        "Reopen",
        "It is open again.",
        asks="Its outcome is taken back, and its evidence is unlocked.",
    ),
}


def close_withheld(user: User, roles: set[str], occurrence: Occurrence) -> str:
    """Return why a person who closes occurrences is not offered to close this one; empty if there is no such reason."""
    close = ACTS["close"]
    if occurrence.state not in close.states or not close.permitted(user, roles, occurrence):
        return ""
    return services.why_not_close(user, occurrence)


def possible_acts(user: User, roles: set[str], occurrence: Occurrence) -> list[str]:
    """Return the names of what the person can do to the occurrence as it stands, the likeliest first."""
    return [
        name
        for name, act in ACTS.items()
        if occurrence.state in act.states
        and act.permitted(user, roles, occurrence)
        and (name != "extend" or occurrence.due_date)
        and (name != "close" or not services.why_not_close(user, occurrence))
    ]
