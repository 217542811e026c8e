"""A process that works on one obligation beside others.

Usage: python -m obligations.tests.writer OBLIGATION OCCURRENCE PERSON ROUNDS

It says `ready`, waits for a line, and prints how often each act succeeded in the end.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date

import django

FOUND = date(2026, 1, 5)


def main(obligation_pk: int, occurrence_pk: int, person: str, rounds: int) -> None:
    django.setup()
    from accounts.models import User  # noqa: PLC0415 - models exist after setup

    from obligations.models import Obligation, Occurrence  # noqa: PLC0415
    from obligations.services.comments import comment_add  # noqa: PLC0415
    from obligations.services.noncompliance import non_compliance_raise  # noqa: PLC0415
    from obligations.services.obligations import StaleObligation, obligation_update  # noqa: PLC0415
    from obligations.services.occurrences import StaleOccurrence, occurrence_snooze  # noqa: PLC0415

    actor, done = User.objects.get(email=person), Counter[str]()

    def until_it_succeeds(what: str, act: Callable[[], object]) -> None:
        while True:
            try:
                act()
            except (StaleObligation, StaleOccurrence):
                done["stale"] += 1
            else:
                done[what] += 1
                return

    def write() -> None:
        obligation = Obligation.objects.get(pk=obligation_pk)
        changes = {"general_comments": f"{obligation.general_comments}\n{person} {done['obligation']}"}
        obligation_update(actor=actor, obligation=obligation, changes=changes, expected_version=obligation.version)

    def gate() -> None:
        """Let the occurrences be made anew."""
        obligation = Obligation.objects.get(pk=obligation_pk)
        changes = {"phase_gated": not obligation.phase_gated}
        obligation_update(actor=actor, obligation=obligation, changes=changes, expected_version=obligation.version)

    def snooze() -> None:
        occurrence = Occurrence.objects.get(pk=occurrence_pk)
        target = date(2026, 1, 1 + done["occurrence"] % 28)
        occurrence_snooze(actor=actor, occurrence=occurrence, target_date=target, expected_version=occurrence.version)

    def find() -> None:
        """Raise a non-compliance, under the next number."""
        obligation = Obligation.objects.get(pk=obligation_pk)
        values = {"kind": "potentially_non_compliant", "title": person, "description": "Found", "aware_on": FOUND}
        non_compliance_raise(actor=actor, obligation=obligation, values=values)

    def comment() -> None:
        comment_add(actor=actor, obligation=Obligation.objects.get(pk=obligation_pk), text="Done with this round.")

    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(rounds):
        until_it_succeeds("obligation", write)
        until_it_succeeds("occurrence", snooze)
        until_it_succeeds("comment", comment)
        if number % 5 == 0:
            until_it_succeeds("gate", gate)
            until_it_succeeds("finding", find)
    print(json.dumps(done))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
