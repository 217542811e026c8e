"""Django's admin is not there; where an operator wants it, it is there for superusers with a second factor alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from accounts.models import User
from accounts.second_factor import PASSED
from django.conf import settings
from django.test import Client, override_settings
from registers.models import Project

from config.tests.subprocesses import python

pytestmark = pytest.mark.django_db
ORGANISATIONS = "/admin/accounts/organisation/"


@pytest.fixture
def _switched_on() -> Iterator[None]:
    apps = [*settings.INSTALLED_APPS, "django.contrib.admin.apps.SimpleAdminConfig"]
    with override_settings(INSTALLED_APPS=apps, ROOT_URLCONF="config.tests.with_admin"):
        yield


def as_(*, superuser: bool, second_factor: bool) -> Client:
    user = User.objects.create_user("root@example.com", is_superuser=superuser, is_staff=True)
    client = Client()
    client.force_login(user)
    if second_factor:
        session = client.session
        session[PASSED] = True
        session.save()
    return client


def test_it_is_off(project: Project) -> None:
    assert as_(superuser=True, second_factor=True).get(ORGANISATIONS).status_code == 404
    script = (
        "from config.settings import DJANGO_ADMIN, INSTALLED_APPS; print(DJANGO_ADMIN, 'admin' in str(INSTALLED_APPS))"
    )
    assert python("-c", script).communicate()[0].strip() == "False False"
    assert python("-c", script, ENSSOL_DJANGO_ADMIN="true").communicate()[0].strip() == "True True"


@pytest.mark.usefixtures("_switched_on")
@pytest.mark.parametrize(
    ("superuser", "second_factor", "status"), [(True, True, 200), (True, False, 404), (False, True, 404)]
)
def test_it_opens_to_a_superuser_who_showed_a_second_factor(
    project: Project, superuser: bool, second_factor: bool, status: int
) -> None:
    client = as_(superuser=superuser, second_factor=second_factor)
    assert client.get(ORGANISATIONS, follow=True).status_code == status


@pytest.mark.usefixtures("_switched_on")
def test_a_stranger_signs_in_where_everybody_does(project: Project) -> None:
    page = Client().get(ORGANISATIONS, follow=True)
    assert page.redirect_chain[-1][0].startswith("/accounts/login/?next=")


@pytest.mark.usefixtures("_switched_on")
def test_it_changes_nothing_and_shows_no_password(project: Project) -> None:
    client = as_(superuser=True, second_factor=True)
    organisation = project.organisation.pk
    assert client.post(f"{ORGANISATIONS}{organisation}/change/", {"name": "Mine"}).status_code == 403
    assert client.get(f"{ORGANISATIONS}add/").status_code == 403
    assert client.post(f"{ORGANISATIONS}{organisation}/delete/", {"post": "yes"}).status_code == 403
    person = User.objects.get(email="root@example.com")
    page = client.get(f"/admin/accounts/user/{person.pk}/change/")
    assert page.status_code == 200
    assert "md5" not in page.content.decode()
