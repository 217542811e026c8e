"""Where two people sign, who submits an occurrence does not close it: on the page, in the service, in the database."""

from __future__ import annotations

from typing import Any

import pytest
from accounts.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from registers.models import Project

from obligations.models import Occurrence
from obligations.services import occurrences as service
from obligations.states import Result

pytestmark = pytest.mark.django_db


@pytest.fixture
def occurrence(project: Project) -> Occurrence:
    project.organisation.four_eyes = True
    project.organisation.save()
    found = Occurrence.objects.filter(project=project, state="open").order_by("pk").first()
    assert found
    return found


def done(occurrence: Occurrence, actor: User) -> dict[str, Any]:
    occurrence = Occurrence.objects.select_related("project__organisation").get(pk=occurrence.pk)
    known = {"actor": actor, "occurrence": occurrence, "expected_version": occurrence.version}
    return {**known, "completed_on": occurrence.project.today, "result": Result.COMPLIANT, "note": ""}


def submit(occurrence: Occurrence, actor: User) -> Occurrence:
    return service.occurrence_submit(**done(occurrence, actor))


def close(occurrence: Occurrence, actor: User) -> Occurrence:
    return service.occurrence_close(**done(occurrence, actor))


def page(person: User, occurrence: Occurrence) -> tuple[set[str], str]:
    client = Client()
    client.force_login(person)
    response = client.get(occurrence.get_absolute_url())
    return {name for name, _, _ in response.context["acts"]}, response.content.decode()


def switch_off(occurrence: Occurrence) -> None:
    organisation = occurrence.project.organisation
    organisation.four_eyes = False
    organisation.save()


def test_somebody_else_closes_it(occurrence: Occurrence, manager: User, approver: User) -> None:
    submit(occurrence, manager)
    with pytest.raises(ValidationError, match="you submitted it, so somebody else closes it"):
        close(occurrence, manager)
    assert close(occurrence, approver).closed_by == approver


def test_nobody_closes_what_was_not_submitted(occurrence: Occurrence, manager: User, approver: User) -> None:
    for person in (manager, approver):
        with pytest.raises(ValidationError, match="submit it for review, and somebody else closes it"):
            close(occurrence, person)


def test_the_page_says_why_and_offers_no_button(occurrence: Occurrence, manager: User, approver: User) -> None:
    acts, text = page(manager, occurrence)
    assert "close" not in acts
    assert "Two people sign here: submit it for review" in text
    submit(occurrence, manager)
    acts, text = page(manager, occurrence)
    assert "close" not in acts
    assert "return" in acts
    assert "Two people sign here: you submitted it, so somebody else closes it." in text
    acts, text = page(approver, occurrence)
    assert "close" in acts
    assert "Two people sign here" not in text


def test_an_address_is_no_way_around_it(occurrence: Occurrence, manager: User) -> None:
    submitted = submit(occurrence, manager)
    client = Client()
    client.force_login(manager)
    values = {"version": submitted.version, "completed_on": submitted.project.today, "result": "compliant", "note": ""}
    response = client.post(f"{occurrence.get_absolute_url()}close/", values)
    assert response.status_code == 422
    assert "so somebody else closes it" in response.content.decode()
    occurrence.refresh_from_db()
    assert occurrence.state == "submitted"


def test_returning_and_reopening_start_over(occurrence: Occurrence, manager: User, approver: User) -> None:
    submitted = submit(occurrence, manager)
    version = submitted.version
    service.occurrence_return(actor=manager, occurrence=submitted, reason="Not mine.", expected_version=version)
    submit(occurrence, manager)
    closed = close(occurrence, approver)
    version = closed.version
    service.occurrence_reopen(actor=approver, occurrence=closed, reason="A figure is wrong.", expected_version=version)
    with pytest.raises(ValidationError, match="submit it for review"):
        close(occurrence, manager)


def test_what_was_submitted_under_the_rule_stays_so_when_it_is_switched_off(
    occurrence: Occurrence, manager: User, approver: User
) -> None:
    submit(occurrence, manager)
    switch_off(occurrence)
    with pytest.raises(ValidationError, match="somebody else closes it"):
        close(occurrence, manager)
    close(occurrence, approver)


def test_without_the_rule_one_person_does_both(occurrence: Occurrence, manager: User) -> None:
    switch_off(occurrence)
    submit(occurrence, manager)
    assert close(occurrence, manager).closed_by == manager


def test_the_database_refuses_it_too(occurrence: Occurrence, manager: User, approver: User) -> None:
    rows = Occurrence.objects.filter(pk=occurrence.pk)
    submit(occurrence, manager)
    close(occurrence, approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(closed_by=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(submitted_by=None)
    rows.update(closed_by=manager, four_eyes=False)
