"""What a spreadsheet makes of a register."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from registers.importing.cells import NotARegister
from registers.importing.reading import Register
from registers.importing.rows import Row

HEADER = ["mechanism", "number", "obligation", "due_date", "inspection"]


def book(rows: list[list[Any]], *, title: str = "Sheet1") -> Any:
    made: Any = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    return made


def file_of(made: Any) -> BytesIO:
    file = BytesIO()
    made.save(file)
    file.seek(0)
    return file


def rows_of(made: Any, sheet: str = "") -> list[Row]:
    return list(Register(file_of(made), sheet).rows(today=date(2026, 11, 23), issued={}))


def test_dates_numbers_and_yes_or_no_are_read_as_they_are_shown() -> None:
    (row,) = rows_of(book([HEADER, ["MS 9", 12, "Do it", date(2027, 2, 28), True]]))
    assert row.values == {
        "mechanism": "MS 9",
        "number": "12",
        "requirement": "Do it",
        "action_due_date": date(2027, 2, 28),
        "inspection": True,
    }


def test_a_number_with_its_zeros_shown_keeps_them_and_one_without_is_noted() -> None:
    made = book([HEADER, ["MS 9", 1.1, "x"], ["MS 9", 1.1, "y"]])
    made.active["B2"].number_format = "0.00"
    shown, plain = rows_of(made)
    assert (shown.values["number"], plain.values["number"]) == ("1.10", "1.1")
    assert "1.1 may be 1.10" in plain.findings[0].message


def test_a_number_that_became_a_date_is_refused() -> None:
    (row,) = rows_of(book([HEADER, ["MS 9", date(2026, 2, 6), "x"]]))
    assert "format the column as text" in row.findings[0].remedy


def test_a_formulas_error_is_refused() -> None:
    made = book([HEADER, ["MS 9", "1", "x"]])
    made.active["C2"].value, made.active["C2"].data_type = "#REF!", "e"
    (row,) = rows_of(made)
    assert row.refused


def test_a_formula_that_was_never_computed_is_named_with_its_cell() -> None:
    with pytest.raises(NotARegister, match=r"never computed \(C2\): open it in Excel"):
        rows_of(book([HEADER, ["MS 9", "1", '="a"&"b"']]))


def test_merged_cells_all_hold_what_the_first_one_shows() -> None:
    made = book([HEADER, ["MS 9", "1", "x"], [None, "2", "y"], [None, "3", "z"]])
    made.active.merge_cells("A2:A4")
    assert [row.values["mechanism"] for row in rows_of(made)] == ["MS 9"] * 3


def test_a_title_above_the_header_is_passed_over() -> None:
    (row,) = rows_of(book([["Register of the port"], [], HEADER, ["MS 9", "1", "x"]]))
    assert (row.line, row.values["number"]) == (4, "1")


def test_the_visible_sheet_that_looks_like_a_register_is_read() -> None:
    made = book([["Read me"]], title="About")
    for title, number in (("Old", "1"), ("Register", "2")):
        sheet = made.create_sheet(title)
        sheet.append(HEADER)
        sheet.append(["MS 9", number, "x"])
    made["Old"].sheet_state = "hidden"
    register = Register(file_of(made))
    assert (register.sheets, register.sheet) == (["About", "Register"], "Register")
    assert [row.values["number"] for row in rows_of(made, "Old")] == ["1"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 an old workbook"])
def test_what_is_no_workbook_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(NotARegister, match=r"save it as .*\.xlsx"):
        Register(BytesIO(content))


def test_a_file_made_to_exhaust_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registers.importing.sheets.LARGEST", 1000)
    with pytest.raises(NotARegister, match="split it"):
        rows_of(book([HEADER, ["MS 9", "1", "x"]]))
