"""The API's description: it is valid, complete, shown to people, and what it says is what is answered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from accounts.models import Membership, User
from accounts.roles import Role
from config.wsgi import application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from hypothesis import HealthCheck, Phase, given, settings
from obligations.models import CorrectiveAction, Evidence, Inspection, Occurrence
from registers.models import Condition, Project, ProjectMembership
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.tests.test_tokens import bearer
from api.views.reference import description

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

EXAMPLES = 4
# A description cannot say which keys are there and which days have passed.
CANNOT_BE_DESCRIBED = [positive_data_acceptance]


def test_the_description_is_valid_and_made_without_a_warning() -> None:
    description.cache_clear()
    GENERATOR_STATS.reset()
    assert description()["openapi"] == "3.0.3"
    assert not GENERATOR_STATS


def test_it_stands_at_its_address_for_programs_and_for_people(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert client.get("/api/v1/schema/").json()["info"]["title"] == "Enssol"
    page = client.get("/api-reference/").content.decode()
    for path, operations in description()["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in page


def test_every_operation_describes_its_problems() -> None:
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "404", "422", "429"} <= set(operation["responses"]), (method, path)
            assert ("428" in operation["responses"]) == (method == "patch" or _is_act(path)), (method, path)


def _is_act(path: str) -> bool:
    return "{id}/" in path and not path.endswith(("{id}/", "trigger/", "file/"))


@pytest.fixture
def _asked_much(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    unlimited = dict.fromkeys(("asking", "changing"))
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", unlimited)
    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.CRITICAL)
    # As Django's own client has it: between requests the test's transaction goes on.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
    logging.disable(logging.NOTSET)


# Its client leaves the files of a request to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("_asked_much")
@pytest.mark.parametrize("role", Role, ids=str)
def test_whatever_is_sent_the_answer_is_a_described_one(role: Role, project: Project) -> None:
    user = User.objects.create_user("program@example.com", "a-long-test-password", name="Pat Program")
    if role == Role.ADMIN:
        Membership.objects.create(organisation=project.organisation, user=user, role=role)
    else:
        ProjectMembership.objects.create(project=project, user=user, role=role)
    headers = {"Authorization": bearer(user)["HTTP_AUTHORIZATION"]}
    api = schemathesis.openapi.from_dict(_of_the_project(description(), project))
    api.app = application
    answers: Counter[int] = Counter()
    for result in api.get_all_operations():
        assert isinstance(result, Ok)
        _explore(result.ok().as_strategy(), headers, answers)
    print(f"{role}: {answers.total()} answers, {dict(sorted(answers.items()))}")
    assert answers.total() >= EXAMPLES * 40


def _explore(cases: Any, headers: dict[str, str], answers: Counter[int]) -> None:
    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def explore(case: Any) -> None:
        if "If-Match" in (case.headers or {}):
            # Whatever it is now: else nothing but 412 comes back.
            case.headers["If-Match"] = "*"
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        answers[response.status_code] += 1
        case.validate_response(response, headers=headers, excluded_checks=CANNOT_BE_DESCRIBED)

    explore()


def _of_the_project(document: dict[str, Any], project: Project) -> dict[str, Any]:
    """Ask within the project and for rows that are there, else nearly all that is answered is 404."""
    rows: dict[str, Any] = {
        "mechanisms": project.mechanisms,
        "conditions": Condition.objects.filter(mechanism__project=project, ended_on=None),
        "obligations": project.obligations,
        "occurrences": Occurrence.objects.filter(project=project),
        "inspections": Inspection.objects.filter(project=project),
        "non-compliances": project.non_compliances,
        "corrective-actions": CorrectiveAction.objects.filter(non_compliance__project=project),
        "evidence": Evidence.objects.filter(obligation__project=project),
    }
    keys = {name: found.order_by("pk").values_list("pk", flat=True).first() or 1 for name, found in rows.items()}
    paths: dict[str, dict[str, Any]] = {}
    for path, operations in document["paths"].items():
        collection = path.removeprefix("/api/v1/projects/{code}/").partition("/")[0]
        known = path.replace("{code}", project.code).replace("{id}", str(keys.get(collection, 1)))
        known = known.replace("{vocabulary}", "aspect")
        for method, operation in operations.items():
            parameters = [one for one in operation.get("parameters", []) if one["in"] != "path"]
            paths.setdefault(known, {})[method] = {**operation, "parameters": parameters}
    return {**document, "paths": paths}
