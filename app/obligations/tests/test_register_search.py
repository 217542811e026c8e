"""Full-text search: what it finds, in which order, what it shows, and that it follows the register."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO

import pytest
from accounts.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from registers.models import Mechanism, Project, ResponsibleRole

from obligations import search_index
from obligations.models import Obligation
from obligations.search import best_first, expression, marked
from obligations.search_index import TABLE, check_triggers, missing

URL = "/projects/WRL/register/"


@pytest.fixture
def page(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def plan(project: Project) -> Mechanism:
    return Mechanism.objects.get(short="CEMP")


def _add(plan: Mechanism, number: str, requirement: str, **more: object) -> Obligation:
    return Obligation.objects.create(
        project=plan.project, mechanism=plan, number=number, requirement=requirement, **more
    )


def _found(text: str) -> set[str]:
    return {row.code for row in Obligation.objects.search(text).select_related("mechanism")}


def _codes(client: Client, **query: str) -> list[str]:
    text = client.get(URL, query).content.decode()
    return [html.unescape(code) for code in re.findall(r'class="code"[^>]*>([^<]+)</a>', text)]


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("6-2(1)", {"MS1234 6-2(1)"}),
        ("MS1234 6-2(1)", {"MS1234 6-2(1)"}),
        ("ms1234 6-2", {"MS1234 6-2(1)", "MS1234 6-2(3)"}),
        ("groundwater quarter", {"MS1234 8-4"}),
        ("GROUNDWATER", {"MS1234 8-4"}),
        ("L3.2", {"CEMP L3.2"}),
        ("kākāpō", {"CEMP L3.2"}),
        ("kakapo", {"CEMP L3.2"}),
        ("monitored parrots", {"CEMP L3.2"}),
    ],
)
def test_numbers_codes_and_words_in_any_form_are_found(plan: Mechanism, typed: str, finds: set[str]) -> None:
    _add(plan, "L3.2", "Monitoring of each parrot, the kākāpō among them.")
    if connection.vendor == "postgresql" and typed == "kakapo":
        finds = set()  # Without its extension `unaccent`, PostgreSQL takes accents as they are.
    assert finds <= _found(typed)
    if not typed.isalpha():
        assert _found(typed) == finds


def test_words_of_role_mechanism_and_tags_are_found_and_followed(plan: Mechanism) -> None:
    role = ResponsibleRole.objects.create(organisation=plan.project.organisation, name="Blast engineer")
    row = _add(plan, "77", "Wet the haul road.", responsible_role=role, tags="summer, night shift")
    assert _found("blast engineer haul") == _found("night shift") == {"CEMP 77"}
    role.name = "Shotfirer"
    role.save()
    assert (_found("blast"), _found("shotfirer")) == (set(), {"CEMP 77"})
    plan.short, plan.reference = "OEMP", "Operations plan 9"
    plan.save()
    assert _found("operations plan 9 haul") == _found("OEMP 77") == {"OEMP 77"}
    row.requirement = "Seal the haul road."
    row.save()
    assert (_found("wet haul"), _found("seal haul")) == (set(), {"OEMP 77"})
    Obligation.objects.filter(pk=row.pk).update(title="Dustless")
    assert _found("dustless") == {"OEMP 77"}
    row.delete()
    assert _found("haul road") == set()


def test_the_best_match_comes_first_and_other_orders_can_be_chosen(page: Client, plan: Mechanism) -> None:
    today = date(2026, 11, 23)
    _add(plan, "90", "A long text that names the malleefowl only once, in passing.", action_due_date=today)
    _add(plan, "91", "Protect it.", title="Malleefowl", action_due_date=today + timedelta(days=9))
    assert _codes(page, q="malleefowl") == ["CEMP 91", "CEMP 90"]
    assert _codes(page, q="malleefowl", sort="due") == ["CEMP 90", "CEMP 91"]
    text = page.get(URL, {"q": "malleefowl"}).content.decode()
    assert '<option value="" selected>Best match</option>' in text
    assert "2 obligations. Best match first." in text
    assert "Best match" not in page.get(URL).content.decode()
    # A browser sends the order that the list had before the search.
    assert _codes(page, q="malleefowl", sort="", size="50") == ["CEMP 91", "CEMP 90"]
    narrowed = _codes(page, q="malleefowl", due_to="2026-11-24")
    assert narrowed == ["CEMP 90"]


def test_of_a_great_many_the_newest_are_weighed_and_the_others_follow(
    page: Client, plan: Mechanism, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obligations.search.RANKED", 2)
    monkeypatch.setattr("obligations.listing.RANKED", 2)
    for number, title in (("70", "Malleefowl, malleefowl"), ("71", "Malleefowl"), ("72", "Any")):
        _add(plan, number, "Protect the malleefowl from what comes by at night.", title=title)
    assert _keys("malleefowl", 0, 2) == ["71", "72"]
    assert _keys("malleefowl", 2, 2) == ["70"]
    text = page.get(URL, {"q": "malleefowl"}).content.decode()
    assert "3 obligations. The best matches of the 2 added last come first: more words find fewer." in text


def _keys(words: str, first: int, number: int) -> list[str]:
    numbers = dict(Obligation.objects.values_list("pk", "number"))
    return [numbers[pk] for pk in best_first(Obligation.objects.all(), words, first, number)]


def test_what_was_found_is_marked_and_everything_else_is_text(page: Client, plan: Mechanism) -> None:
    _add(plan, "92", "Report <script>alert(1)</script> every bilby & its burrow \ue000forged\ue001.")
    text = page.get(URL, {"q": "bilby"}).content.decode()
    assert "every <mark>bilby</mark> &amp; its burrow" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert marked("\ue000a<b\ue001 & \ue000c") == "<mark>a&lt;b</mark> &amp; c"


HOSTILE = (
    '"',
    '""" OR 1',
    "'; DROP TABLE obligations_search; --",
    "dust NEAR water",
    "NEAR(dust water, 5)",
    "dust AND",
    "OR",
    "NOT dust",
    "-dust",
    "requirement: dust",
    "{code title}: dust",
    "^dust + *",
    "dust*",
    "*",
    "(((",
    "dust & | ! <-> :*",
    "%%s %(x)s",
    "🦘",
    "🦘 dust 🐨",
    "\\",
    "\u202edust",
    "a" * 200,
    "x " * 100,
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_words_break_the_search(page: Client, typed: str) -> None:
    for order in ("", "due"):
        assert page.get(URL, {"q": typed, "sort": order}).status_code == 200
    list(Obligation.objects.search(typed))


def test_ten_kilobytes_of_words_are_refused_in_words(page: Client) -> None:
    text = page.get(URL, {"q": "dust " * 2048}).content.decode()
    assert "Ensure this value has at most 200 characters" in text
    assert Obligation.objects.search("dust " * 2048).count() == Obligation.objects.search("dust").count()


def test_signs_alone_find_nothing_and_the_page_says_how_to_search(page: Client) -> None:
    text = page.get(URL, {"q": "()"}).content.decode()
    assert "No obligation has all of these words." in text
    assert expression("(){}*^", "sqlite") == expression("🦘", "postgresql") == ""


def test_it_finds_nothing_of_another_project(page: Client, stranger: User) -> None:
    other = Project.objects.create(organisation=stranger.memberships.get().organisation, code="OTH", name="Other")
    mechanism = other.mechanisms.create(short="X", reference="X", kind="commitment")
    Obligation.objects.create(project=other, mechanism=mechanism, number="1", requirement="Unobtainium.")
    assert _found("unobtainium") == {"X 1"}
    text = page.get(URL, {"q": "unobtainium"}).content.decode()
    assert "No obligation has all of these words." in text


@pytest.fixture
def _without_triggers(project: Project) -> Iterator[None]:
    search_index.drop_triggers(connection)
    yield
    search_index.create_triggers(connection)


def test_the_triggers_are_there(project: Project) -> None:
    assert missing(connection) == set()
    assert check_triggers(databases=["default"]) == []


@pytest.mark.usefixtures("_without_triggers")
def test_a_check_warns_of_lost_triggers_and_the_command_makes_them_again(plan: Mechanism) -> None:
    _add(plan, "93", "Count the quolls.")
    assert _found("quolls") == set()
    (warning,) = check_triggers(databases=["default"])
    assert "search_rebuild" in str(warning.hint)
    said = StringIO()
    call_command("search_rebuild", stdout=said)
    assert said.getvalue() == f"{Obligation.objects.count()} obligations can be searched.\n"
    assert _found("quolls") == {"CEMP 93"}
    assert missing(connection) == set()


@pytest.mark.usefixtures("_without_triggers")
def test_migrations_take_the_triggers_away_and_bring_them_back(plan: Mechanism) -> None:
    search_index.create_triggers(connection)
    search_index.before_migrations(using="default", plan=[])
    assert missing(connection) == set()
    search_index.before_migrations(using="default", plan=["a migration"])
    assert len(missing(connection)) == 5
    _add(plan, "94", "Written by a migration: numbat.")
    search_index.after_migrations(using="default")
    assert _found("numbat") == {"CEMP 94"}


def test_the_search_holds_each_obligation_once(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {TABLE} ORDER BY rowid")  # noqa: S608  a name of ours
        keys = [pk for (pk,) in cursor.fetchall()]
    assert keys == list(Obligation.objects.order_by("pk").values_list("pk", flat=True))
