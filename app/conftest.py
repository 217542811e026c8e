"""What every test stands on: the demo register and a few people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from audit import triggers
from django.core.cache import cache, caches
from django.db.backends.base.operations import BaseDatabaseOperations
from obligations import demo
from registers.models import Project, ProjectMembership

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def _apart(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test see another's rate limits or files."""
    settings.DATA_DIR = tmp_path
    cache.clear()
    caches["pages"].clear()
    # Drawing goes on in a process beside the page, and beside the next tests: only what looks at figures needs it.
    if not request.node.get_closest_marker("draws"):
        monkeypatch.setattr("reports.views.draw_ahead", lambda _: None)


@pytest.fixture(scope="session", autouse=True)
def _record_can_be_emptied() -> Iterator[None]:
    """Let the tables be emptied after a test that committed, which the database would refuse for the audit trail."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_everything(operations: BaseDatabaseOperations, statements: list[str]) -> None:
        with triggers.lifted(operations.connection):
            flush(operations, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_everything)
        yield


@pytest.fixture
def project(db: None) -> Project:
    """The demo project with its register."""
    demo.seed()
    return Project.objects.get(code="WRL")


@pytest.fixture
def manager(project: Project) -> User:
    """Somebody who may change the demo register."""
    return _member(project, "manager@example.com", Role.MANAGER)


@pytest.fixture
def advisor(project: Project) -> User:
    """Somebody who changes the demo register, but neither publishes nor retires."""
    return _member(project, "advisor@example.com", Role.ADVISOR)


@pytest.fixture
def viewer(project: Project) -> User:
    """Somebody who may look at the demo register."""
    return _member(project, "viewer@example.com", Role.VIEWER)


@pytest.fixture
def contributor(project: Project) -> User:
    """Somebody who does the work that is given to them."""
    return _member(project, "contributor@example.com", Role.CONTRIBUTOR)


@pytest.fixture
def approver(project: Project) -> User:
    """Somebody who signs off what others submit."""
    return _member(project, "approver@example.com", Role.APPROVER)


@pytest.fixture
def auditor(project: Project) -> User:
    """Somebody who looks at everything, and raises what they find."""
    return _member(project, "auditor@example.com", Role.AUDITOR)


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody of another organisation, who manages it."""
    other = Organisation.objects.create(name="Brigalow Gas", slug="brigalow-gas")
    user = User.objects.create_user("stranger@example.com", "a-stranger's-password", name="Sam Stranger")
    Membership.objects.create(organisation=other, user=user, role=Role.ADMIN)
    return user


def _member(project: Project, email: str, role: Role) -> User:
    user = User.objects.create_user(email, "a-long-test-password", name=email.split("@", maxsplit=1)[0].title())
    ProjectMembership.objects.create(project=project, user=user, role=role)
    return user
