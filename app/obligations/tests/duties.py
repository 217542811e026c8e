"""An obligation to try things on, and the words in which tests speak of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import User

from obligations.models import Basis, End, Obligation, Occurrence, Unit
from obligations.querysets import OccurrenceQuerySet
from obligations.services.occurrences import occurrence_close
from obligations.services.rules import rule_set
from obligations.states import Result

TODAY = date(2026, 11, 23)


def set_rule(duty: Obligation, actor: User, *, since: date | None = None, **values: Any) -> Any:
    fields = {"basis": Basis.FIXED, "interval": 1, "unit": Unit.MONTH, "end": End.NEVER, **values}
    return rule_set(actor=actor, obligation=duty, values=fields, since=since)


def rows(duty: Obligation) -> OccurrenceQuerySet:
    return Occurrence.objects.filter(obligation=duty).order_by("sequence")


def dues(duty: Obligation) -> list[str]:
    return [str(one.due_date) for one in rows(duty)]


def at(duty: Obligation, day: str) -> Occurrence:
    return rows(duty).get(due_date=day)


def close(one: Occurrence, actor: User, on: date = TODAY, result: str = Result.COMPLIANT) -> Occurrence:
    return occurrence_close(
        actor=actor, occurrence=one, completed_on=on, result=result, note="", expected_version=one.version
    )


def stands(duty: Obligation) -> tuple[str, str, str]:
    duty.refresh_from_db()
    return str(duty.action_due_date), duty.status, str(duty.close_out_date)
