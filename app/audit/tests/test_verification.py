"""Whoever tampers with the record is found out, and the first broken link is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from accounts.models import Organisation
from django.core.management import CommandError, call_command
from django.core.serializers import deserialize, serialize
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import triggers
from audit.models import AuditChain, AuditEvent
from audit.services import Entry, record, record_many, sealed
from audit.tests.tampering import tampering
from audit.verification import verify

EVENTS = 5


@pytest.fixture
def owner(db: None) -> Organisation:
    return Organisation.objects.create(name="Wandoo Ridge", slug="wandoo-ridge")


@pytest.fixture
def trail(owner: Organisation) -> Organisation:
    """An organisation with a trail, beside another one's."""
    other = Organisation.objects.create(name="Brigalow Gas", slug="brigalow-gas")
    for _ in range(EVENTS):
        record(owner, None, Entry("organisation.rename", owner, changes={"name": ("Wandoo", "Wandoo Ridge")}))
        record(other, None, Entry("organisation.rename", other))
    return owner


def _tamper(change: Callable[[], object]) -> None:
    with tampering():
        change()


def _event(sequence: int) -> AuditEvent:
    return AuditEvent.objects.get(organisation__slug="wandoo-ridge", sequence=sequence)


def _alter(sequence: int, /, **values: Any) -> None:
    AuditEvent.objects.filter(pk=_event(sequence).pk).update(**values)


def _alter_and_seal(sequence: int) -> None:
    """Alter an event as somebody would who knows how it is sealed."""
    event = _event(sequence)
    event.reason = "Nothing happened."
    event.hash = sealed(event)
    event.save()


def _swap() -> None:
    _alter(2, sequence=99)
    _alter(3, sequence=2)
    _alter(99, sequence=3)


def _write_anew() -> None:
    """Forge the trail from its second event to its end."""
    before = _event(1)
    for sequence in range(2, EVENTS + 1):
        event = _event(sequence)
        event.reason, event.previous_hash = "Nothing happened.", before.hash
        event.hash = sealed(event)
        event.save()
        before = event
    AuditChain.objects.filter(organisation__slug="wandoo-ridge").update(hash=before.hash)


def _end(**values: Any) -> None:
    AuditChain.objects.filter(organisation__slug="wandoo-ridge").update(**values)


def test_a_whole_trail_is_whole(trail: Organisation) -> None:
    verdict = verify(trail)
    assert (verdict.sequence, verdict.hash, verdict.fault) == (EVENTS, _event(EVENTS).hash, "")
    assert verify(Organisation.objects.create(name="New", slug="new")).fault == ""


@pytest.mark.parametrize(
    ("change", "good", "fault"),
    [
        (lambda: _alter(3, reason="Nothing happened."), 2, "event 3 was altered"),
        (lambda: _alter(1, actor_name="Somebody else"), 0, "event 1 was altered"),
        (lambda: _alter(3, changes={"name": ["Wandoo", "Banksia"]}), 2, "event 3 was altered"),
        (lambda: _alter(3, at=datetime(2020, 1, 1, tzinfo=UTC)), 2, "event 3 was altered"),
        (lambda: _alter_and_seal(3), 3, "event 4 does not follow event 3"),
        (lambda: _alter_and_seal(EVENTS), EVENTS, "event 5 was replaced"),
        (lambda: _event(2).delete(), 1, "event 2 is missing: after event 1 comes event 3"),
        (lambda: _event(1).delete(), 0, "event 1 is missing"),
        (lambda: _alter(4, sequence=0), 0, "event 0 is out of place"),
        (_swap, 1, "event 2 was altered"),
        (lambda: _event(EVENTS).delete(), 4, "the end was cut off: event 4 is the last of 5"),
        (lambda: _end(sequence=4, hash=_event(4).hash), 4, "event 5 was added behind the chain's end"),
        (lambda: _end(sequence=4), 4, "event 4 was replaced"),
        (lambda: AuditChain.objects.all().delete(), 0, "the end was removed"),
    ],
)
def test_the_first_broken_link_is_named(
    trail: Organisation, change: Callable[[], object], good: int, fault: str
) -> None:
    _tamper(change)
    verdict = verify(trail)
    assert verdict.fault.startswith(fault)
    assert verdict.sequence == good


def test_only_what_was_kept_elsewhere_shows_a_trail_that_was_written_anew(trail: Organisation) -> None:
    noted = {1: _event(1).hash, 3: _event(3).hash}
    assert verify(trail, noted).fault == ""
    _tamper(_write_anew)
    assert verify(trail).fault == ""
    assert verify(trail, noted).fault.startswith("event 3 is not the one that was noted")


def test_a_noted_event_beyond_the_end_is_missed(trail: Organisation) -> None:
    assert verify(trail, {EVENTS + 4: "0" * 64}).fault.startswith("event 9, which was noted, is gone")


def test_an_event_that_is_added_while_the_trail_is_followed_is_no_fault(
    trail: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = sealed

    def busy(event: AuditEvent) -> str:
        monkeypatch.setattr("audit.verification.sealed", seal)
        record(trail, None, Entry("organisation.rename", trail))
        return seal(event)

    monkeypatch.setattr("audit.verification.sealed", busy)
    assert verify(trail).fault == ""


def _command(**options: Any) -> str:
    output = io.StringIO()
    call_command("verify_audit_trail", stdout=output, **options)
    return output.getvalue()


def test_the_command_prints_what_can_be_kept_elsewhere_and_compares_it_later(
    trail: Organisation,
) -> None:
    kept = _command()
    assert kept.splitlines()[1] == f"wandoo-ridge {EVENTS} {_event(EVENTS).hash}"
    record(trail, None, Entry("organisation.rename", trail))
    assert _command(organisation="wandoo-ridge", expect=io.StringIO(kept)).startswith(f"wandoo-ridge {EVENTS + 1} ")
    _tamper(_write_anew)
    with pytest.raises(CommandError, match="wandoo-ridge: event 5 is not the one that was noted"):
        _command(expect=io.StringIO(kept))


def test_the_command_fails_and_names_the_link(trail: Organisation) -> None:
    _tamper(lambda: _alter(3, reason="Nothing happened."))
    with pytest.raises(CommandError, match="wandoo-ridge: event 3 was altered"):
        _command()


def test_the_command_finds_an_organisation_gone_and_a_trail_unprotected(trail: Organisation) -> None:
    with pytest.raises(CommandError, match="emu-plains: this organisation was noted, and is gone"):
        _command(expect=io.StringIO(f"emu-plains 3 {'0' * 64}\n"))
    connection.check_constraints()
    triggers.drop(connection)
    with pytest.raises(CommandError, match="does not protect the trail"):
        _command()


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"organisation": "nobody"}, "give its slug"),
        ({"expect": io.StringIO("\nwhatever\n")}, "line 2 is not a line that verify_audit_trail printed"),
    ],
)
def test_the_command_says_what_to_give_it(trail: Organisation, options: dict[str, Any], remedy: str) -> None:
    with pytest.raises(CommandError, match=remedy):
        _command(**options)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
)


@given(changes=st.lists(st.dictionaries(st.sampled_from("abc"), st.tuples(VALUES, VALUES)), max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_changed_the_seal_survives_the_database(
    owner: Organisation, changes: list[dict[str, tuple[Any, Any]]]
) -> None:
    record_many(owner, None, [Entry("organisation.rename", owner, changes=change) for change in changes])
    assert verify(owner).fault == ""


def test_values_are_kept_as_people_can_read_them(owner: Organisation) -> None:
    changes = {"due": (None, date(2026, 3, 31)), "level": (Decimal("1.50"), 1e3), "takes": (timedelta(days=2), True)}
    record(owner, None, Entry("organisation.rename", owner, changes=changes))
    assert AuditEvent.objects.get().changes == {
        "due": [None, "2026-03-31"],
        "level": ["1.50", "1000.0"],
        "takes": ["P2DT00H00M00S", True],
    }


def test_the_seal_survives_a_move_to_another_database(trail: Organisation) -> None:
    rows: list[Any] = list(deserialize("json", serialize("json", AuditEvent.objects.all())))
    moved = [row.object for row in rows]
    assert [sealed(event) for event in moved] == list(AuditEvent.objects.values_list("hash", flat=True))
