"""Who may do what, over the whole site: every role, at every address, with what is theirs, others' and foreign.

What is expected is worked out from `accounts.roles.PERMISSIONS` and from what each address says that it takes
(`config/tests/permitted`); nothing here names a role and an address together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accounts.models import Membership, User
from accounts.roles import GRANTED, SEES_ALL_PROJECTS, Role
from accounts.second_factor import OPEN
from accounts.tests.confirming import confirm_identity_of
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from registers.models import Project, ProjectMembership

from config.tests.addresses import addresses
from config.tests.permitted import RULES
from config.tests.permitted.rules import PUBLIC, SIGNED_IN, Rule, holds
from config.tests.permitted.world import World

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings
    from pytest_django.plugin import DjangoDbBlocker

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PATCH")
PATHS = {address.name: address.path for address in addresses()}
OWN = {200, 302, 422}
ENROLMENT = "/accounts/2fa/totp/activate/"
OF_ALLAUTH = ("account_", "mfa_")
OURS = {"account_sessions", "account_session_end", "account_sessions_end_others"}

# Whether a status and a place to go to are right, and what would be in words.
Expected = tuple[Callable[[int, str], bool], str]
ANSWERED: Expected = (lambda status, _: status < 500 and status != 403, "anything but a failure")


@dataclass(frozen=True)
class Person:
    """Somebody who asks: their role in the organisation and in the project, if they have one."""

    name: str
    organisation: Role | None = None
    project: Role | None = None
    signed_in: bool = True
    second_factor: bool = True
    expired: bool = False
    elsewhere: bool = False

    @property
    def roles(self) -> set[Role]:
        """Their roles in the project: those of the organisation reach it if it is theirs, or if they see them all."""
        if self.expired or self.elsewhere or not self.signed_in:
            return set()
        held = {role for role in (self.organisation, self.project) if role}
        return held if self.project or held & SEES_ALL_PROJECTS else set()


IN_A_PROJECT = sorted({role for roles in GRANTED["project"].values() for role in roles})
PEOPLE = [
    Person("anonymous", signed_in=False),
    Person("stranger, who administers another organisation", elsewhere=True),
    Person("administrator without a second factor", organisation=Role.ADMIN, second_factor=False),
    Person("auditor whose last day has passed", project=Role.AUDITOR, expired=True),
    *(Person(f"organisation's {role.value}", organisation=role) for role in Role),
    *(Person(f"project's {role.value}", project=role) for role in IN_A_PROJECT),
    Person("organisation's viewer, project's contributor", organisation=Role.VIEWER, project=Role.CONTRIBUTOR),
]


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Path]]:
    """Both registers for all tests of this module, each of which takes back what it does."""
    folder = tmp_path_factory.mktemp("permissions")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.DATA_DIR", folder)
        yield World(), folder
        transaction.set_rollback(True)


@pytest.fixture
def register(world: tuple[World, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.DATA_DIR = world[1]
    # So many addresses a second would be too many.
    unlimited = dict.fromkeys(("asking", "changing"))
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", unlimited)
    # Each refusal would be told with all of its page.
    logging.disable(logging.CRITICAL)
    yield world[0]
    logging.disable(logging.NOTSET)


def test_every_address_says_what_it_takes() -> None:
    missing = PATHS.keys() - RULES.keys()
    assert not missing, f"Add them to config/tests/permitted: {', '.join(sorted(missing))}"
    # allauth of the long-term Django has a few more.
    gone = {name for name in RULES.keys() - PATHS.keys() if not name.startswith(OF_ALLAUTH) or name in OURS}
    assert not gone, f"Take them out of config/tests/permitted: {', '.join(sorted(gone))}"


@pytest.mark.every_address
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_each_address_answers_as_the_table_says(person: Person, register: World, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = not person.second_factor
    user = _user(person, register)
    wrong: list[str] = []
    asked = 0

    def check(said: str, method: str, address: str, expected: Callable[[int, str], bool], words: str) -> None:
        nonlocal asked
        asked += 1
        with transaction.atomic():
            client.cookies = SimpleCookie(session)
            response = getattr(client, method.lower())(address)
            if response.streaming:
                b"".join(response)
            transaction.set_rollback(True)
        if not expected(response.status_code, response.headers.get("Location", "")):
            wrong.append(f"{method} {address} ({said}): {response.status_code}, not {words}")

    with transaction.atomic():
        client = Client(raise_request_exception=False)
        if user:
            client.force_login(user)
            confirm_identity_of(client)
        session = client.cookies.output(header="", sep=";")
        for own in (False, True):
            if own and user:
                register.give(user)
            for name, rule in _rules(own=own):
                for method in METHODS if rule.patch else METHODS[:2]:
                    for where in ("ours", "foreign project", "foreign object"):
                        address = _address(name, rule, register, where, theirs=person.elsewhere)
                        if address and not (own and where != "ours"):
                            check(where, method, address, *_expected(person, name, rule, method, where, own=own))
        transaction.set_rollback(True)
    print(f"{person.name}: {asked} answers")
    assert not wrong, "\n" + "\n".join(wrong)


def _rules(*, own: bool) -> Iterator[tuple[str, Rule]]:
    """Return the rules of the addresses that there are; for own objects those where that makes a difference."""
    for name, rules in RULES.items():
        for rule in rules:
            if name in PATHS and (rule.reaches_own or not own):
                yield name, rule


def _address(name: str, rule: Rule, world: World, where: str, *, theirs: bool) -> str:
    """Return the address of an object of ours, of a foreign project, or of a foreign object as if it were ours."""
    foreign = world.keys(world.foreign)
    keys = foreign if where != "ours" else world.keys(world.own)
    code = world.foreign.code if where == "foreign project" else world.own.code
    in_project = "/projects/WRL/" in PATHS[name]
    if (where == "foreign project" and (not in_project or theirs)) or (where == "foreign object" and not rule.of):
        return ""
    values: dict[str, str | int] = {**rule.at}
    if in_project:
        values["code"] = code
    if rule.of:
        values["pk"] = keys[rule.of]
    query = rule.query.format(**keys) if where != "foreign object" else rule.query.format(**world.keys(world.own))
    return reverse(name, kwargs=values) + (f"?{query}" if query else "")


def _expected(person: Person, name: str, rule: Rule, method: str, where: str, *, own: bool) -> Expected:
    """Return what the answer has to be, and that in words."""
    if name.startswith("api:") and not (person.signed_in and person.second_factor):
        return _exactly(403 if person.signed_in else 401)
    return _expected_of_all(person, name, rule, method, where, own=own)


def _expected_of_all(person: Person, name: str, rule: Rule, method: str, where: str, *, own: bool) -> Expected:
    needs = rule.needs(method)
    if not person.second_factor:
        enrols: Expected = (lambda status, to: (status, to) == (302, ENROLMENT), "the way to enrolment")
        return ANSWERED if name in OPEN else enrols
    of_allauth = name.startswith(OF_ALLAUTH) and name not in OURS
    open_to_all = needs == PUBLIC or (needs is None and (rule.get == PUBLIC or of_allauth))
    if not person.signed_in and not open_to_all:
        return lambda status, to: status == 302 and to.startswith("/accounts/login/"), "the way to sign in"
    if of_allauth or needs == PUBLIC:
        return ANSWERED
    if needs is None:
        return _exactly(405)
    if needs == SIGNED_IN:
        # A person's own; what is another's is not there.
        return (lambda status, _: status == 404, "404") if rule.of else (lambda status, _: status in OWN, "an answer")
    return _by_the_table(needs, person, rule, method, where, own=own)


def _by_the_table(needs: str, person: Person, rule: Rule, method: str, where: str, *, own: bool) -> Expected:
    if where == "foreign project" or not person.roles:
        return _exactly(404)
    permitted = holds(needs, person.roles, own=own)
    if where == "foreign object":
        # Whoever may not do it learns no more than that, whether the object is there or not.
        return lambda status, _: status == 404 or (status == 403 and not permitted), "404"
    if not permitted:
        return _exactly(403)
    return _exactly(rule.answer(method))


def _exactly(expected: int) -> Expected:
    return lambda status, _: status == expected, str(expected)


def _user(person: Person, world: World) -> User | None:
    if not person.signed_in:
        return None
    user = User.objects.create_user(f"{abs(hash(person))}@example.com", "a-long-test-password", name="Pat Person")
    place: Project = world.foreign if person.elsewhere else world.own
    if person.elsewhere:
        Membership.objects.create(organisation=place.organisation, user=user, role=Role.ADMIN)
    if person.organisation:
        Membership.objects.create(organisation=place.organisation, user=user, role=person.organisation)
    if person.project:
        last = timezone.localdate() - timedelta(days=2) if person.expired else None
        ProjectMembership.objects.create(project=place, user=user, role=person.project, expires_on=last)
    return user
