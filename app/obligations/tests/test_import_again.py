"""What a row does to an obligation that is there, and how it is taken back."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from accounts.models import User
from audit.models import AuditEvent
from registers.models import Mechanism, Project

from obligations.importing import applying, steps, undoing
from obligations.models import Comment, ImportBatch, Obligation, Occurrence
from obligations.services.obligations import obligation_update
from obligations.services.occurrences import occurrence_close, occurrence_start
from obligations.states import OccurrenceState

HEADER = "mechanism,number,obligation,due_date,status,close_out_date,recurring_frequency\n"
State = ImportBatch.State

pytestmark = pytest.mark.django_db


@pytest.fixture
def port(manager: User) -> Project:
    """An empty project of the same organisation."""
    project = Project.objects.get(code="WRL")
    empty = Project.objects.create(organisation=project.organisation, code="PORT", name="Port")
    empty.memberships.create(user=manager, role="manager")
    return empty


def checked(project: Project, lines: str, actor: User | None = None) -> ImportBatch:
    content = BytesIO((HEADER + lines).encode())
    batch = ImportBatch.objects.create(
        project=project, file_name="register.csv", state=State.CHECKING, uploaded_by=actor, accepted_by=actor
    )
    steps.look(batch, content)
    steps.check(batch, content, actor)
    return batch


def accepted(project: Project, lines: str, actor: User | None = None) -> ImportBatch:
    batch = checked(project, lines, actor)
    assert steps.accept(batch, actor), batch.problem
    return batch


def differences(batch: ImportBatch) -> dict[str, tuple[str, str]]:
    (row,) = batch.rows.all()
    return {one["column"]: (one["before"], one["stored"]) for one in row.findings if one["message"] == "changed"}


def everything() -> list[list[dict[str, Any]]]:
    models: tuple[Any, ...] = (Obligation, Occurrence)
    plain = [list(model.objects.order_by("pk").values()) for model in models]
    for row in [*plain[0], *plain[1]]:
        # They only ever go up.
        row.pop("version", None)
        row.pop("updated_at", None)
    return plain


def dues(number: str = "1") -> list[str]:
    occurrences = Occurrence.objects.filter(obligation__project__code="PORT", obligation__number=number)
    return [str(one.due_date) for one in occurrences.order_by("due_date")]


def test_nothing_is_written_until_it_is_accepted(port: Project) -> None:
    batch = checked(port, "MS 9,1,Sweep,2027-03-31,not started,,\n")
    assert not port.obligations.exists()
    assert not port.mechanisms.exists()
    steps.accept(batch, None)
    assert dues() == ["2027-03-31"]


def test_a_corrected_date_is_shown_first_and_moves_the_one_occurrence(port: Project) -> None:
    accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,\n")
    batch = checked(port, "MS 9,1,Sweep,2027-04-30,not started,,\n")
    assert differences(batch) == {"due_date": ("2027-03-31", "2027-04-30")}
    steps.accept(batch, None)
    assert dues() == ["2027-04-30"]
    assert checked(port, "MS 9,1,Sweep,2027-04-30,not started,,\n").counts == {"unchanged": 1}


def test_a_corrected_first_date_moves_the_whole_sequence(port: Project) -> None:
    accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,annually\n")
    accepted(port, "MS 9,1,Sweep,2027-04-30,not started,,annually\n")
    assert dues()[:2] == ["2027-04-30", "2028-04-30"]


def test_a_status_is_brought_about_by_the_occurrence_due_on_the_rows_date(port: Project) -> None:
    accepted(port, "MS 9,1,Sweep,2026-03-31,not started,,annually\n")
    batch = accepted(port, "MS 9,1,Sweep,2026-03-31,completed,2026-04-02,annually\n")
    first = Occurrence.objects.filter(obligation__project=port).earliest("due_date")
    assert (first.state, first.completed_on) == (OccurrenceState.CLOSED, date(2026, 4, 2))
    assert differences(batch)["status"] == ("not started", "completed")
    assert port.obligations.get().action_due_date == date(2027, 3, 31)


def test_a_row_about_an_occurrence_that_is_closed_already_changes_nothing(port: Project) -> None:
    line = "MS 9,1,Sweep,2026-03-31,completed,2026-04-02,annually\n"
    accepted(port, line)
    assert checked(port, line).counts == {"unchanged": 1}


def test_another_word_for_the_frequency_changes_the_rule_unless_a_person_set_it(port: Project) -> None:
    accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,annually\n")
    batch = accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,quarterly\n")
    assert batch.rows.get().result == "updated"
    assert dues()[:3] == ["2027-03-31", "2027-06-30", "2027-09-30"]
    assert port.obligations.get().rule.interval == 3


def test_a_row_without_a_date_leaves_what_is_done_as_required(port: Project) -> None:
    line = "MS 9,1,Sweep,,not started,,as required\n"
    accepted(port, line)
    assert checked(port, line).counts == {"unchanged": 1}
    assert dues() == []


def test_only_those_who_sign_off_may_close_by_an_import(port: Project) -> None:
    adviser = User.objects.create_user("adviser@example.com")
    port.memberships.create(user=adviser, role="advisor")
    accepted(port, "MS 9,1,Sweep,2026-03-31,not started,,\n")
    batch = checked(port, "MS 9,1,Sweep,2026-03-31,completed,2026-04-02,\n", adviser)
    assert batch.counts == {"refused": 1}
    assert "ask an approver to import it" in [finding["remedy"] for finding in batch.rows.get().findings]


def test_an_import_is_no_way_around_two_signatures(port: Project, manager: User) -> None:
    accepted(port, "MS 9,1,Sweep,2026-03-31,not started,,\n")
    port.organisation.four_eyes = True
    port.organisation.save()
    batch = checked(port, "MS 9,1,Sweep,2026-03-31,completed,2026-04-02,\n", manager)
    assert batch.counts == {"refused": 1}
    assert "submit it on its page instead" in [finding["remedy"] for finding in batch.rows.get().findings]


def test_what_changed_after_the_check_stops_the_whole_batch(port: Project, manager: User) -> None:
    accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,\nMS 9,2,Sow,2027-03-31,not started,,\n")
    batch = checked(port, "MS 9,1,Sweep it,2027-03-31,not started,,\nMS 9,2,Sow it,2027-03-31,not started,,\n")
    second = port.obligations.get(number="2")
    obligation_update(actor=manager, obligation=second, changes={"title": "Mine"}, expected_version=second.version)
    assert not steps.accept(batch, None)
    assert (batch.state, "2 (line 3) was changed after the check" in batch.problem) == (State.CHECKED, True)
    assert port.obligations.get(number="1").requirement == "Sweep"


def test_a_conflict_in_a_later_chunk_takes_back_the_earlier_ones(
    port: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "CHUNK", 1)
    monkeypatch.setattr(steps, "PAUSE", 0)
    batch = checked(port, "".join(f"MS 9,{number},Sweep,2027-03-31,not started,,\n" for number in range(3)))
    before = everything()
    apply = applying.Application.apply

    def meanwhile(application: applying.Application, rows: Any) -> None:
        if rows[0].number == "2":
            raise applying.Conflict("2 was added")
        apply(application, rows)

    monkeypatch.setattr(applying.Application, "apply", meanwhile)
    assert not steps.accept(batch, None)
    assert everything() == before
    assert not Mechanism.objects.filter(project=port).exists()


def test_an_untouched_import_is_undone_to_the_letter(port: Project) -> None:
    accepted(port, "MS 9,1,Sweep,2026-12-31,not started,,annually\nMS 9,2,Sow,2026-03-31,in progress,,\n")
    before = everything()
    batch = accepted(
        port,
        "MS 9,1,Sweep well,2027-01-31,not started,,quarterly\n"
        "MS 9,2,Sow,2026-03-31,completed,2026-04-01,\n"
        "MS 10,3,Reap,2027-01-01,not started,,monthly\n",
    )
    assert port.obligations.count() == 3
    assert list(undoing.stoppers(batch)) == []
    steps.undo(batch, None)
    after = everything()
    assert [row["requirement"] for row in after[0]] == [row["requirement"] for row in before[0]]
    assert without_keys(after[0]) == without_keys(before[0])
    assert without_keys(after[1]) == without_keys(before[1])
    assert not Mechanism.objects.filter(project=port, reference="MS 10").exists()


def without_keys(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({k: v for k, v in row.items() if k not in {"id", "closed_at"}} for row in rows), key=str)


@pytest.mark.parametrize("act", ["change", "start", "comment", "close"])
def test_an_import_on_which_somebody_worked_is_not_undone_and_says_which_row(
    port: Project, manager: User, act: str
) -> None:
    batch = accepted(port, "MS 9,1,Sweep,2026-03-31,not started,,\nMS 9,2,Sow,2026-03-31,not started,,\n")
    second = port.obligations.get(number="2")
    occurrence = second.occurrences.get()
    if act == "change":
        obligation_update(actor=manager, obligation=second, changes={"title": "Mine"}, expected_version=1)
    elif act == "start":
        occurrence_start(actor=manager, occurrence=occurrence, expected_version=occurrence.version)
    elif act == "comment":
        Comment.objects.create(obligation=second, author=manager, text="Seen.")
    else:
        occurrence_close(
            actor=manager,
            occurrence=occurrence,
            completed_on=date(2026, 4, 1),
            result="compliant",
            note="",
            expected_version=occurrence.version,
        )
    assert [(stopper.line, stopper.number) for stopper in undoing.stoppers(batch)] == [(3, "2")]


def test_each_changed_row_leaves_one_event_and_the_batch_another(port: Project, manager: User) -> None:
    start = AuditEvent.objects.count()
    batch = accepted(port, "MS 9,1,Sweep,2027-03-31,not started,,\nMS 9,2,Sow,2027-03-31,not started,,\n", manager)
    events = list(AuditEvent.objects.order_by("sequence")[start:])
    assert [event.action for event in events] == [
        "mechanism.add",
        "obligation.import",
        "obligation.import",
        "import.accept",
    ]
    assert {event.actor for event in events} == {manager}
    assert events[1].reason == f"Import {batch.pk}, line 2 of register.csv"
    assert events[1].changes["requirement"] == [None, "Sweep"]


def test_a_member_with_the_rows_address_is_responsible(port: Project, manager: User) -> None:
    content = BytesIO(f"mechanism,number,obligation,PersonEmail\nMS 9,1,x,{manager.email}\nMS 9,2,x,a@b.cd\n".encode())
    batch = ImportBatch.objects.create(project=port, file_name="a.csv", state=State.CHECKING)
    steps.look(batch, content)
    steps.check(batch, content, None)
    steps.accept(batch, None)
    assert [one.responsible_person for one in port.obligations.order_by("number")] == [manager, None]


def test_an_acceptance_that_was_killed_goes_on_where_it_stopped(port: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "CHUNK", 1)
    monkeypatch.setattr(steps, "PAUSE", 0)
    batch = checked(port, "".join(f"MS 9,{number},Sweep,2027-03-31,not started,,\n" for number in range(4)))
    apply, done = applying.Application.apply, list[Any]()

    def killed(application: applying.Application, rows: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        apply(application, rows)
        done.append(rows)

    with monkeypatch.context() as patch:
        patch.setattr(applying.Application, "apply", killed)
        with pytest.raises(KeyboardInterrupt):
            steps.accept(batch, None)
    assert port.obligations.count() == 2
    batch.refresh_from_db()
    assert steps.accept(batch, None)
    assert sorted(port.obligations.values_list("number", flat=True)) == ["0", "1", "2", "3"]
    assert batch.state == State.ACCEPTED
