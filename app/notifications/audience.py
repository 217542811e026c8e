"""Who hears of something: the people of a project, climbing the ladder from who does it to who answers for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from accounts.roles import Role, allowed
from registers.models import Project
from registers.querysets import people_by_project

from notifications.duties import Duty
from notifications.ladder import BEFORE, Level, clock_level_of, clock_step_of, level_of, step_of
from notifications.models import Choices, Kind

NO_CHOICES = Choices()


@dataclass(frozen=True)
class People:
    """Who may see a project now, with their roles and their choices."""

    roles: dict[User, set[str]]
    choices: dict[int, Choices]

    @classmethod
    def of(cls, projects: Iterable[Project]) -> dict[int, People]:
        """Return the people of each project by its key, in three queries."""
        found = {
            key: {person: roles for person, roles in people.items() if allowed("register.view", roles)}
            for key, people in people_by_project(projects).items()
        }
        everybody = {person.pk for people in found.values() for person in people}
        choices = {row.user_id: row for row in Choices.objects.filter(user__in=everybody)}
        return {key: cls(people, choices) for key, people in found.items()}

    def with_role(self, *roles: Role) -> list[User]:
        return [person for person, theirs in self.roles.items() if theirs & set(roles)]

    def choices_of(self, person: User) -> Choices:
        return self.choices.get(person.pk, NO_CHOICES)

    def responsible(self, duty: Duty) -> list[User]:
        """Return who does it: the first of its people who is still here, or else who manages the project."""
        here = {person.pk: person for person in self.roles}
        first = [here[key] for key in duty.people if key in here][:1]
        return first or self.with_role(Role.MANAGER) or self.with_role(Role.ADMIN)

    def level(self, level: Level) -> list[User]:
        """Return who stands on a rung above those responsible; an empty rung is filled from the one above."""
        if level == Level.MANAGERS and (found := self.with_role(Role.MANAGER, Role.APPROVER)):
            return found
        return self.with_role(Role.ADMIN)


def hearers(duty: Duty, people: People, on: date) -> dict[User, tuple[Kind, int]]:
    """Return who is to be told of a duty on a day, as what kind of mail and at which step."""
    day = duty.date_on(on)
    left = (day - on).days
    if duty.kind == Kind.REGULATOR:
        return _hearers_of_clock(duty, people, left)
    found: dict[User, tuple[Kind, int]] = {}
    between = (day - duty.after).days if duty.after and duty.after < day else max(BEFORE)
    for person in people.responsible(duty):
        choices = people.choices_of(person)
        # What comes twice a week is not announced a month ahead: only once the one before it has had its day.
        step = step_of(left, [days for days in choices.before if days <= between])
        kind = duty.kind if left >= 0 else Kind.OVERDUE
        if step is not None and choices.wants(kind):
            found[person] = (kind, step)
    step = step_of(left, ()) if left < 0 else None
    if step is not None:
        for person in _above(people, level_of(step), people.responsible(duty)):
            if people.choices_of(person).wants(Kind.ESCALATION):
                found[person] = (Kind.ESCALATION, step)
    return found


def _hearers_of_clock(duty: Duty, people: People, left: int) -> dict[User, tuple[Kind, int]]:
    """Return the same for a regulator's clock, of which who is responsible always hears."""
    step = clock_step_of(left)
    responsible = people.responsible(duty)
    others = [
        person
        for person in _above(people, clock_level_of(step), responsible)
        if people.choices_of(person).wants(Kind.REGULATOR)
    ]
    return dict.fromkeys((*responsible, *others), (Kind.REGULATOR, step))


def _above(people: People, level: Level, below: Collection[User]) -> list[User]:
    rungs = [people.level(rung) for rung in (Level.MANAGERS, Level.ADMINISTRATORS) if rung <= level]
    return [person for person in dict.fromkeys(person for rung in rungs for person in rung) if person not in below]


def still_hears(person: User, kind: str, step: int, duty: Duty, people: People) -> bool:
    """Return whether a person is still to be told: they may see it, it concerns them, and they want such mails."""
    responsible = people.responsible(duty)
    if kind == Kind.REGULATOR:
        wanted = person in responsible or people.choices_of(person).wants(kind)
        return wanted and person in (*responsible, *_above(people, clock_level_of(step), responsible))
    concerned = _above(people, level_of(step), responsible) if kind == Kind.ESCALATION else responsible
    return person in concerned and people.choices_of(person).wants(kind)
