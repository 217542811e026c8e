"""A month of the demo register, day by day, and what changes who is told what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from accounts.models import User
from accounts.roles import Role
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from obligations.models import Obligation, Occurrence
from obligations.services.comments import comment_add
from obligations.services.occurrences import (
    occurrence_cancel,
    occurrence_close,
    occurrence_extend,
    occurrence_snooze,
    occurrence_submit,
)
from obligations.states import Lifecycle, Result
from registers.models import Project, ProjectMembership
from registers.querysets import people_by_project, roles_in

from notifications.models import Notice
from notifications.outbox import put
from notifications.planning import drafts
from notifications.rehearsal import rehearse
from notifications.sending import fill
from notifications.services import choices_save
from notifications.tests.clocks import clock_at, obligation, occurrence, sent_on

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)
KITS = "CEMP 9.3(b) Spill kits"


def _days(first: date = FIRST, last: date = LAST) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _of_kits(person: User, days: list[date]) -> dict[str, list[str]]:
    """Return what a person was told of the spill kits on which day."""
    told: dict[str, list[str]] = {}
    for day in days:
        for one in sent_on(day):
            if one.to == person.email and KITS in one.subject:
                told.setdefault(str(day), []).append(one.subject.partition(":")[0])
    return told


def test_a_month_is_sent_as_it_was_rehearsed_each_mail_once(spill_kits: Obligation, boss: User) -> None:
    with clock_at(FIRST):
        rehearsed = Counter((day, one.to[0], one.subject) for day, _, one in rehearse(FIRST, LAST))
    assert not Notice.objects.exists()
    assert mail.outbox == []
    sent: Counter[tuple[date, str, str]] = Counter()
    for day in _days():
        for hour in (5, 7, 23):
            sent.update((day, one.to, one.subject) for one in sent_on(day, hour))
    # Some a rehearsal puts on their day that before six o'clock only a regulator's clock and mentions may use.
    assert sent == rehearsed
    assert set(sent.values()) == {1}
    assert len(sent) > 100
    names = [one.extra_headers["Message-ID"] for one in mail.outbox]
    assert len(set(names)) == len(names)
    assert set(Notice.objects.values_list("state", flat=True)) <= {"sent", "dropped"}


def test_each_step_comes_on_its_day_and_climbs_the_ladder(
    spill_kits: Obligation, rob: User, maya: User, ines: User, boss: User
) -> None:
    told: dict[str, list[tuple[str, str]]] = {}
    for day in _days(date(2026, 11, 23), date(2027, 1, 1)):
        for one in sent_on(day):
            if KITS in one.subject and "week" not in one.subject:
                told.setdefault(f"{one.subject.partition(':')[0]}", []).append((str(day), one.to.partition(".")[0]))
    november = {
        "Due in 7 days": [("2026-11-23", "rob")],
        "Due tomorrow": [("2026-11-29", "rob")],
        "Due today": [("2026-11-30", "rob")],
        "1 day late": [("2026-12-01", "rob")],
        "7 days late": [("2026-12-07", name) for name in ("ines", "maya", "rob")],
        "14 days late": [("2026-12-14", name) for name in ("boss@karrawirra", "ines", "maya", "rob")],
        "30 days late": [("2026-12-30", name) for name in ("boss@karrawirra", "ines", "maya", "rob")],
    }
    december = {
        "Due in 30 days": [("2026-12-01", "rob")],
        "Due in 14 days": [("2026-12-17", "rob")],
        "Due in 7 days": [("2026-12-24", "rob")],
        "Due tomorrow": [("2026-12-30", "rob")],
        "Due today": [("2026-12-31", "rob")],
        "1 day late": [("2027-01-01", "rob")],
    }
    january = {"Due in 30 days": [("2027-01-01", "rob")]}
    wanted: dict[str, list[tuple[str, str]]] = {}
    for part in (november, december, january):
        for name, days in part.items():
            wanted.setdefault(name, []).extend(days)
    assert {name: sorted(days) for name, days in told.items()} == {name: sorted(days) for name, days in wanted.items()}


def test_what_comes_twice_a_week_is_not_announced_before_the_one_before_it(rob: User) -> None:
    duty = obligation("L9876", "12(a)")
    Obligation.objects.filter(pk=duty.pk).update(responsible_person=rob, title="Freeboard")
    told = [one.subject.partition(":")[0] for day in _days(last=date(2026, 12, 10)) for one in sent_on(day)]
    assert "Due tomorrow" in told
    assert not any("Due in" in one.subject and "Freeboard" in one.subject for one in mail.outbox)


def _close(one: Occurrence, actor: User) -> None:
    occurrence_close(
        actor=actor,
        occurrence=one,
        completed_on=one.project.today,
        result=Result.COMPLIANT,
        note="",
        expected_version=one.version,
    )


def _submit(one: Occurrence, actor: User) -> None:
    occurrence_submit(
        actor=actor,
        occurrence=one,
        completed_on=one.project.today,
        result=Result.COMPLIANT,
        note="",
        expected_version=one.version,
    )


def _cancel(one: Occurrence, actor: User) -> None:
    occurrence_cancel(actor=actor, occurrence=one, reason="Not this time.", expected_version=one.version)


def _suspend(one: Occurrence, actor: User) -> None:
    Obligation.objects.filter(pk=one.obligation_id).update(lifecycle=Lifecycle.SUSPENDED)


@pytest.mark.parametrize("end", [_close, _submit, _cancel, _suspend])
def test_what_is_done_or_suspended_is_told_of_no_more(
    spill_kits: Obligation, rob: User, manager: User, end: Callable[[Occurrence, User], None]
) -> None:
    one = occurrence("CEMP", "9.3(b)", "2026-12-31")
    with clock_at(date(2026, 12, 20)):
        end(one, manager)
    Occurrence.objects.filter(obligation=spill_kits, due_date__lt=FIRST).delete()
    assert _of_kits(rob, _days(date(2026, 12, 21), date(2027, 1, 1))).keys() <= {"2027-01-01"}


def test_what_was_extended_is_told_of_by_its_new_date(spill_kits: Obligation, rob: User, manager: User) -> None:
    one = occurrence("CEMP", "9.3(b)", "2026-11-30")
    with clock_at(date(2026, 11, 23)):
        occurrence_extend(
            actor=manager,
            occurrence=one,
            new_date=date(2026, 12, 10),
            granted_by="DWER",
            reference="1",
            reason="Flood.",
            expected_version=one.version,
        )
    told = _of_kits(rob, _days(date(2026, 11, 25), date(2026, 12, 11)))
    assert told == {
        # Two weeks before was the 26th.
        "2026-11-26": ["Due in 14 days"],
        "2026-12-03": ["Due in 7 days"],
        "2026-12-09": ["Due tomorrow"],
        "2026-12-10": ["Due today"],
        "2026-12-11": ["1 day late"],
    }


def test_what_was_snoozed_sleeps_until_its_new_target(spill_kits: Obligation, rob: User, manager: User) -> None:
    one = occurrence("CEMP", "9.3(b)", "2026-12-31")
    Occurrence.objects.filter(obligation=spill_kits).exclude(pk=one.pk).delete()
    Occurrence.objects.filter(pk=one.pk).update(target_date=date(2026, 12, 10))
    one.refresh_from_db()
    assert _of_kits(rob, [date(2026, 12, 3)]) == {"2026-12-03": ["Due in 7 days"]}
    with clock_at(date(2026, 12, 4)):
        occurrence_snooze(actor=manager, occurrence=one, target_date=date(2026, 12, 20), expected_version=one.version)
    assert _of_kits(rob, _days(date(2026, 12, 5), LAST)) == {
        "2026-12-06": ["Due in 14 days"],
        "2026-12-13": ["Due in 7 days"],
        "2026-12-19": ["Due tomorrow"],
        "2026-12-20": ["Due today"],
        # Its target has passed: now the due date counts.
        "2026-12-24": ["Due in 7 days"],
        "2026-12-30": ["Due tomorrow"],
        "2026-12-31": ["Due today"],
    }


def test_who_may_not_see_the_project_any_more_is_told_nothing(spill_kits: Obligation, rob: User, maya: User) -> None:
    assert "rob.nullagine@karrawirra.example" in {one.to for one in sent_on(date(2026, 11, 24))}
    ProjectMembership.objects.filter(user=rob).update(expires_on=date(2026, 11, 28))
    later = [one for day in _days(date(2026, 11, 29), date(2026, 12, 7)) for one in sent_on(day)]
    assert rob.email not in {one.to for one in later}
    # Somebody has to be told: who manages the project.
    assert (maya.email, f"Due today: {KITS}") in later


def test_who_loses_access_between_planning_and_sending_is_not_told(spill_kits: Obligation, rob: User) -> None:
    with clock_at(date(2026, 11, 29)):
        assert fill(timezone.now())[0]
    assert Notice.objects.filter(person=rob, state="waiting").exists()
    User.objects.filter(pk=rob.pk).update(is_active=False)
    assert rob.email not in {one.to for one in sent_on(date(2026, 11, 29), 8)}
    dropped = Notice.objects.filter(person=rob, state="dropped")
    assert set(dropped.values_list("reason", flat=True)) == {"The person may not see the project any more."}


def test_digests_come_on_mondays_and_stand_for_single_mails_if_wanted(spill_kits: Obligation, rob: User) -> None:
    choices_save(actor=rob, wanted=["due", "overdue", "digest"], before=[7], digest_only=True)
    told = {str(day): [one.subject for one in sent_on(day) if one.to == rob.email] for day in _days()}
    assert {day for day, subjects in told.items() if subjects} == {
        "2026-12-01",  # the host slept on Monday the 30th
        "2026-12-07",
        "2026-12-14",
        "2026-12-21",
        "2026-12-28",
    }
    assert all(subject.startswith("Your week in") for subjects in told.values() for subject in subjects)
    [week] = [one for one in mail.outbox if one.to == [rob.email]][1:2]
    assert "CEMP 9.3(b) Spill kits" in str(week.body)
    assert "7 days late" in str(week.body)


def test_days_are_those_that_the_person_chose(spill_kits: Obligation, rob: User) -> None:
    choices_save(actor=rob, wanted=["due"], before=[14], digest_only=False)
    assert _of_kits(rob, _days()) == {"2026-12-17": ["Due in 14 days"], "2026-12-31": ["Due today"]}


def test_the_clock_of_a_regulator_cannot_be_switched_off_by_who_has_to_answer_it(
    project: Project, maya: User, ines: User
) -> None:
    for person in (maya, ines):
        choices_save(actor=person, wanted=[], before=[], digest_only=False)
    told = {(str(day), one.to) for day in _days(date(2026, 11, 23), date(2026, 11, 27)) for one in sent_on(day)}
    clock = project.non_compliances.get(number=2)
    assert clock.raised_by == maya
    assert {(day, to) for day, to in told if to in {maya.email, ines.email}} == {
        ("2026-11-23", maya.email),
        ("2026-11-25", maya.email),
        ("2026-11-26", maya.email),
        ("2026-11-27", maya.email),
    }
    project.non_compliances.update(notified_on=date(2026, 11, 27))
    assert maya.email not in {one.to for one in sent_on(date(2026, 11, 28))}


def test_a_mention_is_told_at_once_and_once(project: Project, spill_kits: Obligation, rob: User, maya: User) -> None:
    comment_add(actor=maya, obligation=spill_kits, text="@Rob Nullagine and @Maya Okafor: which kits are empty?")
    today = timezone.localdate()
    told = [sent_on(today, hour) for hour in (23, 23)]
    mentioned = [one for round_ in told for one in round_ if "named you" in one.subject]
    assert [(one.to, one.subject) for one in mentioned] == [(rob.email, "Maya Okafor named you: CEMP 9.3(b)")]
    body = next(str(one.body) for one in mail.outbox if "named you" in one.subject)
    assert "which kits are empty?" in body


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Australia/Perth", "2026-11-29T22:05:00+00:00"),
        # In summer Sydney is eleven hours ahead, in winter ten.
        ("Australia/Sydney", "2026-11-29T19:05:00+00:00"),
    ],
)
def test_a_day_begins_at_six_by_the_clocks_at_the_site(
    project: Project, spill_kits: Obligation, rob: User, zone: str, utc: str
) -> None:
    Project.objects.update(timezone=zone)
    day = date(2026, 11, 30)
    subject = f"Due today: {KITS}"
    assert subject not in {one.subject for one in sent_on(day, 5, zone)}
    assert subject in {one.subject for one in sent_on(day, 6, zone)}
    assert Notice.objects.filter(step=0, kind="due", created_at__lt=utc).exists()


@pytest.mark.parametrize("due", [date(2026, 10, 4), date(2027, 4, 4)])
def test_the_day_on_which_sydneys_clocks_change_is_told_of_as_any_other(
    project: Project, spill_kits: Obligation, rob: User, due: date
) -> None:
    # Sunday 4 October 2026 has no two o'clock, and Sunday 4 April 2027 has it twice.
    Project.objects.update(timezone="Australia/Sydney")
    Occurrence.objects.filter(obligation=spill_kits, due_date=date(2026, 12, 31)).update(due_date=due)
    subject = f"occurrence:{Occurrence.objects.get(obligation=spill_kits, due_date=due).pk}"
    told = []
    for day in _days(due - timedelta(days=1), due + timedelta(days=1)):
        for hour in (1, 2, 3, 5, 6, 7, 23):
            sent_on(day, hour, "Australia/Sydney")
            new = Notice.objects.filter(subject=subject, person=rob, state="sent").values_list("step", flat=True)
            told.append((str(day), hour, sorted(new)))
    first = [next(place for place in told if step in place[2])[:2] for step in (1, 0, -1)]
    assert first == [(str(due + timedelta(days=number)), 6) for number in (-1, 0, 1)]
    assert told[-1][2] == [-1, 0, 1]


def test_planning_takes_as_many_queries_for_a_batch_of_400_as_of_4(project: Project, rob: User) -> None:
    duty = obligation("CEMP", "9.3(b)")
    numbers = []
    for count in (4, 400):
        Occurrence.objects.bulk_create(
            Occurrence(project=project, obligation=duty, sequence=1000 * count + place, due_date=FIRST, assigned_to=rob)
            for place in range(count)
        )
        Notice.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            for batch in drafts(project, FIRST):
                put(batch)
        reads = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
        numbers.append(len(reads))
        assert Notice.objects.filter(kind="due", person=rob, due_date=FIRST).count() >= count
    assert numbers[0] == numbers[1]


def test_a_rehearsal_lists_and_writes_mails_and_nothing_else(spill_kits: Obligation, tmp_path: Path) -> None:
    out = StringIO()
    days = ("--on", "2026-12-01", "--until", "2026-12-31")
    call_command("send_reminders", *days, "--folder", str(tmp_path / "m"), stdout=out)
    *lines, last = out.getvalue().splitlines()
    assert last == f"{len(lines)} mails. Nothing was sent."
    assert len(list((tmp_path / "m").glob("*.eml"))) == len(lines)
    assert any(line.startswith("2026-12-31  rob.nullagine@karrawirra.example  due  Due today: CEMP") for line in lines)
    assert not Notice.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("arguments", [["--until", "2026-12-31"], ["--on", "2026-12-31", "--until", "2026-12-01"]])
def test_a_rehearsal_without_days_is_refused(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("send_reminders", *arguments)


def test_the_roles_read_in_bulk_are_those_of_each_person(
    project: Project, boss: User, viewer: User, stranger: User, rob: User
) -> None:
    ProjectMembership.objects.filter(user=viewer).update(expires_on=date(2020, 1, 1))
    found = people_by_project([project])[project.pk]
    everybody = User.objects.all()
    assert {person: roles for person in everybody if (roles := roles_in(person, project))} == found
    assert found[boss] == {Role.ADMIN}
    assert viewer not in found
    assert stranger not in found
