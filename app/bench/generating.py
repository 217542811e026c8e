"""Registers of any size, the same each time: shaped like a real one, in words of nobody's."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any

from accounts.models import Membership, Organisation, User
from obligations.models import Basis, Obligation, Occurrence, RecurrenceRule
from obligations.services.projection import project_occurrences
from obligations.states import OccurrenceState, Result
from registers.models import Aspect, Mechanism, ObligationType, Phase, Project, ResponsibleRole
from registers.sorting import natural_key

from bench.words import WORDS

ASPECTS = [word.capitalize() for word in WORDS[:20]]
BATCH = 2_000


def register(project: Project, number: int, each: int, seed: int = 1) -> None:
    """Fill a project with obligations, each with as many occurrences, some closed, some late, most to come.

    Args:
        project: empty so far.
        number: how many obligations.
        each: how many occurrences of each.
        seed: of the random order.
    """
    random, today = Random(seed), project.today  # noqa: S311 - a register, not a secret
    words = {
        model: [model.objects.get_or_create(organisation=project.organisation, name=name)[0] for name in names]
        for model, names in (
            (Aspect, ASPECTS),
            (ObligationType, ("Monitoring", "Reporting", "Inspection")),
            (Phase, ("Construction", "Operation")),
            (ResponsibleRole, ("Adviser", "Manager", "Supervisor")),
        )
    }
    mechanisms = [
        Mechanism.objects.create(project=project, kind="commitment", short=f"{project.code}{n}", reference=f"M {n}")
        for n in range(12)
    ]
    obligations = (_obligation(project, n, random, mechanisms, words) for n in range(number))
    while batch := list(islice(obligations, BATCH)):
        Obligation.objects.bulk_create(batch, batch_size=500)
        RecurrenceRule.objects.bulk_create(
            [
                RecurrenceRule(obligation=one, basis=Basis.FIXED, interval=12, anchor_date=today - timedelta(days=400))
                for one in batch
            ],
            batch_size=500,
        )
        occurrences = [one for obligation in batch for one in _occurrences(project, obligation, each, random, today)]
        Occurrence.objects.bulk_create(occurrences, batch_size=500)
        project_occurrences([one.pk for one in batch])


def owner(organisation: Organisation) -> User:
    """Return somebody who may do everything in the organisation."""
    user, _ = User.objects.get_or_create(email="bench@example.com", defaults={"name": "Bench"})
    Membership.objects.get_or_create(organisation=organisation, user=user, defaults={"role": "admin"})
    return user


def _obligation(
    project: Project, n: int, random: Random, mechanisms: list[Mechanism], words: dict[Any, list[Any]]
) -> Obligation:
    number = f"{n // 40 + 1}-{n % 40 + 1}"
    return Obligation(
        project=project,
        mechanism=mechanisms[n % len(mechanisms)],
        number=number,
        sort_key=natural_key(number),
        title=" ".join(random.choices(WORDS, k=3)).capitalize(),
        requirement=" ".join(random.choices(WORDS, k=40)).capitalize() + ".",
        aspect=random.choice(words[Aspect]),
        obligation_type=random.choice(words[ObligationType]),
        phase=random.choice(words[Phase]),
        responsible_role=random.choice(words[ResponsibleRole]),
    )


def _occurrences(project: Project, obligation: Obligation, each: int, random: Random, today: date) -> list[Occurrence]:
    first = today + timedelta(days=random.randrange(-400, 30))
    found = []
    for sequence in range(each):
        due = first + timedelta(days=120 * sequence)
        done = due < today and random.random() < 0.95
        found.append(
            Occurrence(
                project=project,
                obligation=obligation,
                sequence=sequence,
                nominal_date=due,
                due_date=due,
                state=OccurrenceState.CLOSED if done else OccurrenceState.SCHEDULED,
                result=Result.COMPLIANT if done else "",
                completed_on=due if done else None,
            )
        )
    return found
