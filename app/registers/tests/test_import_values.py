from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.validators import validate_email
from hypothesis import given
from hypothesis import strategies as st

from registers.importing import values
from registers.importing.values import Refused
from registers.importing.words import FREQUENCIES

Reader = Callable[[str, values.Note], Any]


def read(reader: Reader, cell: str) -> tuple[Any, list[str]]:
    notes: list[str] = []
    return reader(cell, notes.append), notes


@pytest.mark.parametrize("cell", ["two\nlines", "tab\there", "a  b", "N/A", "None", "0", "“quotes”, and commas"])
def test_a_text_is_stored_as_it_stands(cell: str) -> None:
    assert read(values.text, cell) == (cell, [])


@pytest.mark.parametrize("cell", ["NULL", "null", "NaN", "0.0", "#N/A", " NULL "])
def test_what_an_export_left_in_an_empty_cell_is_left_out_and_noted(cell: str) -> None:
    assert read(values.text, cell) == ("", ["an export's mark for an empty cell"])


@pytest.mark.parametrize("reader", [values.day, values.frequency, values.email, values.place, values.optional_status])
def test_where_a_text_cannot_stand_n_a_means_nothing_and_is_noted(reader: Reader) -> None:
    stored, notes = read(reader, "N/A")
    assert not stored
    assert notes


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_no_letter_of_a_text_is_changed_without_a_note(cell: str) -> None:
    stored, notes = read(values.text, cell)
    assert stored == cell or notes or not cell.strip()
    assert stored in cell


@pytest.mark.parametrize(
    ("cell", "stored"), [("True", True), ("yes", True), ("Y", True), ("FALSE", False), ("No", False), ("n", False)]
)
def test_plain_booleans_need_no_note(cell: str, stored: bool) -> None:
    assert read(values.boolean, cell) == (stored, [])


@pytest.mark.parametrize(("cell", "stored"), [("1", True), ("0", False), ("", False)])
def test_other_ways_to_say_yes_and_no_are_noted(cell: str, stored: bool) -> None:
    value, notes = read(values.boolean, cell)
    assert value is stored
    assert notes


def test_nothing_is_neither_yes_nor_no_where_that_can_be_stored() -> None:
    assert read(values.yes_no_unknown, "") == (None, [])


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31 00:00:00", date(2027, 1, 31)),
        ("31/01/2027", date(2027, 1, 31)),
        ("", None),
    ],
)
def test_a_date_that_has_one_meaning_needs_no_note(cell: str, stored: date | None) -> None:
    assert read(values.day, cell) == (stored, [])


@pytest.mark.parametrize(("cell", "word"), [("2027-01-31 14:30:00", "time"), ("03/04/2027", "day before the month")])
def test_a_date_that_had_to_be_understood_is_noted(cell: str, word: str) -> None:
    _, notes = read(values.day, cell)
    assert word in notes[0]


@pytest.mark.parametrize("cell", ["2027-02-30", "31/13/2027", "12/31/2027", "next May", "45292", "1 Jan 27"])
def test_what_is_no_date_is_refused_with_the_form_to_write(cell: str) -> None:
    with pytest.raises(Refused, match="2027-01-31"):
        read(values.day, cell)


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)))
def test_every_date_comes_back_as_it_was_written(day: date) -> None:
    assert read(values.day, day.isoformat())[0] == day
    assert read(values.day, f"{day:%d/%m/%Y}")[0] == day


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("mistyped", "intended"),
    [((2107, 1, 1), "2027-01-01"), ((2106, 5, 31), "2026-05-31"), ((2208, 2, 29), "2028-02-29")],
)
def test_a_date_of_another_century_is_refused_with_the_likely_year(
    mistyped: tuple[int, int, int], intended: str
) -> None:
    with pytest.raises(Refused, match=intended):
        values.check_year(date(*mistyped), TODAY)


def test_the_day_of_issue_counts_as_well_as_today() -> None:
    values.check_year(date(1970, 5, 1), TODAY, date(1972, 1, 1))
    values.check_year(date(2070, 5, 1), TODAY, date(1972, 1, 1))
    with pytest.raises(Refused, match="before the mechanism's issue date or today"):
        values.check_year(date(1902, 5, 1), TODAY, date(1972, 1, 1))


@given(st.dates())
def test_whatever_the_year_a_refusal_names_one_that_would_pass(day: date) -> None:
    try:
        values.check_year(day, TODAY)
    except Refused as refusal:
        values.check_year(date.fromisoformat(refusal.remedy[-10:]), TODAY)


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("Monthly", "monthly"),
        ("AS REQUIRED", "as_required"),
        ("six monthly", "six_monthly"),
        ("Six_Monthly", "six_monthly"),
        ("Extreme Weather", "extreme_weather"),
        ("every two years", "biennial"),
    ],
)
def test_case_hyphens_and_underscores_do_not_make_another_frequency(cell: str, stored: str) -> None:
    assert read(values.frequency, cell) == (stored, [])


@pytest.mark.parametrize(
    ("cell", "stored"),
    [("Annual", "annually"), ("yearly", "annually"), ("half-yearly", "six_monthly"), ("biennial", "biennial")],
)
def test_another_word_for_a_frequency_is_noted(cell: str, stored: str) -> None:
    value, notes = read(values.frequency, cell)
    assert value == stored
    assert notes


@pytest.mark.parametrize("cell", ["bi-annual", "Biannually", "Bi-Annually", "bi monthly", "Biweekly"])
def test_a_frequency_with_two_meanings_is_refused(cell: str) -> None:
    with pytest.raises(Refused, match="write what is meant"):
        read(values.frequency, cell)


@given(st.text(min_size=1))
def test_a_word_that_is_no_frequency_never_becomes_one(cell: str) -> None:
    try:
        stored, _ = read(values.frequency, cell)
    except Refused:
        return
    assert stored == "" or stored in FREQUENCIES


@given(st.emails())
def test_an_email_address_that_is_taken_is_one_that_forms_take_too(cell: str) -> None:
    try:
        stored, _ = read(values.email, cell)
    except Refused:
        return
    validate_email(stored)


@pytest.mark.parametrize("cell", ["kim@example.com", "Kim.O'Hara+env@mines.example.com.au"])
def test_usual_addresses_are_taken_in_lower_case(cell: str) -> None:
    assert read(values.email, cell)[0] == cell.lower()


@pytest.mark.parametrize("cell", ["kim at example", "kim@example", "a@b..com", "two@x.com; three@x.com"])
def test_what_is_no_address_is_refused(cell: str) -> None:
    with pytest.raises(Refused, match="not an email address"):
        read(values.email, cell)


def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(Refused, match="shorten it to 255"):
        read(values.term, "x" * 256)


def test_a_name_stands_on_one_line_and_a_word_of_a_vocabulary_may_stand_on_two() -> None:
    stored, notes = read(lambda cell, note: values.label(cell, note, longest=60), "Portside\nCEMP")
    assert stored == "Portside CEMP"
    assert notes
    assert read(values.term, "A - during construction\nB - later") == ("A - during construction\nB - later", [])
