from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from config.tests.subprocesses import python

from registers.importing.cells import NotARegister
from registers.importing.mechanisms import kind_of
from registers.importing.reading import Register
from registers.importing.rows import Row

NEEDED = "primary__environmental__mechanism,obligation__number,obligation"
Read = Callable[[str | bytes], list[Row]]


@pytest.fixture
def rows() -> Read:
    def read(content: str | bytes) -> list[Row]:
        file = BytesIO(content if isinstance(content, bytes) else content.encode())
        return list(Register(file).rows(today=date(2026, 11, 23), issued={}))

    return read


def test_reading_knows_nothing_of_django() -> None:
    script = "import registers.importing.reading, sys; print('django' in sys.modules)"
    output, errors = python("-c", script).communicate()
    assert output.strip() == "False", errors


@pytest.mark.parametrize("start", ["", "\n", "\r\n\r\n", "\ufeff", "\ufeff\r\n", ",,\n"])
def test_a_header_is_found_below_empty_lines_and_a_byte_order_mark(rows: Read, start: str) -> None:
    (row,) = rows(f"{start}{NEEDED}\nPlan,1,Do it\n")
    assert row.values == {"mechanism": "Plan", "number": "1", "requirement": "Do it"}


def test_a_row_is_known_by_the_line_that_it_begins_on(rows: Read) -> None:
    found = rows(f'\n{NEEDED}\nPlan,1,"two\nlines"\n\nPlan,2,one\n,,\nPlan,3,one\n')
    assert [row.line for row in found] == [3, 6, 8]
    assert found[0].values["requirement"] == "two\nlines"


@pytest.mark.parametrize("name", ["PersonEmail", "person_email", "Person Email", "PERSON__EMAIL", "responsible_email"])
def test_a_column_goes_by_older_names_too(rows: Read, name: str) -> None:
    (row,) = rows(f"{NEEDED},{name}\nPlan,1,Do it,kim@example.com\n")
    assert row.values["responsible_email"] == "kim@example.com"


def test_no_cell_of_a_column_without_a_field_is_lost(rows: Read) -> None:
    first, second = rows(f"{NEEDED},Checklist,Checklist,\nPlan,1,Do it,a,b,c\nPlan,2,Do it,d,,\n")
    assert first.extra == {"Checklist": "a", "Checklist (5)": "b", "column 6": "c"}
    assert second.extra == {"Checklist": "d", "Checklist (5)": "", "column 6": ""}
    assert [finding.column for finding in first.findings] == ["Checklist", "Checklist (5)", "column 6"]
    assert second.findings == []


def test_empty_cells_beyond_the_header_do_not_matter_but_others_do(rows: Read) -> None:
    taken, refused = rows(f"{NEEDED}\nPlan,1,Do it,,\nPlan,2,Do it, quickly\n")
    assert not taken.refused
    assert refused.refused
    assert "quotes" in refused.findings[0].remedy


@pytest.mark.parametrize("line", [",1,Do it", "Plan,,Do it", "Plan,1,", "Plan,1,NULL"])
def test_a_row_without_mechanism_number_or_requirement_is_refused(rows: Read, line: str) -> None:
    (row,) = rows(f"{NEEDED}\n{line}\n")
    assert row.refused
    assert "it is empty" in str(row.findings[-1])


def test_every_defect_of_a_row_is_told_at_once(rows: Read) -> None:
    (row,) = rows(f"{NEEDED},status,inspection,action_due_date\n,1,Do it,nearly,maybe,soon\n")
    assert {finding.column for finding in row.findings} == {
        "primary__environmental__mechanism",
        "status",
        "inspection",
        "action_due_date",
    }
    assert all(finding.message and finding.remedy for finding in row.findings)


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ("completed,,False,,False,", "close_out_date", "without a close-out date"),
        ("in progress,2026-01-31,False,,False,", "status", "not completed"),
        ("not started,,True,,False,", "recurring_frequency", "how often is not said"),
        ("not started,,False,Weekly,False,", "recurring", "yet this says no"),
        ("not started,,False,,True,", "inspection_frequency", "how often is not said"),
    ],
)
def test_cells_that_contradict_each_other_are_stored_and_noted(rows: Read, cells: str, column: str, words: str) -> None:
    header = "status,close_out_date,recurring,recurring_frequency,inspection,inspection_frequency"
    (row,) = rows(f"{NEEDED},{header}\nPlan,1,Do it,{cells}\n")
    assert not row.refused
    assert [finding.column for finding in row.findings] == [column]
    assert words in row.findings[0].message


def test_a_misspelt_clause_is_stored_as_printed_and_noted(rows: Read) -> None:
    misspelt, right, plural = rows(f"{NEEDED}\nL1,Condtion 10 (b),x\nL1,Condition 11,x\nL1,Conditions 1-2,x\n")
    assert misspelt.values["number"] == "Condtion 10 (b)"
    assert "misspelt" in misspelt.findings[0].message
    assert right.findings == plural.findings == []


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"", "it is empty"),
        (b"name,age\nKim,41\n", "name it so in the first line"),
        (b"obligation;obligation_number;mechanism\nDo it;1;Plan\n", "separate its columns with commas"),
        (f"{NEEDED}\n".encode(), "no row below its header"),
        (f"{NEEDED},status,Status\nPlan,1,Do it,,\n".encode(), "rename or remove one"),
        (f"{NEEDED}\nPlan,1,d\u00e9j\u00e0 vu\n".encode("latin-1"), "save it as “CSV UTF-8”"),
        (f'{NEEDED}\nPlan,1,"Do it" now\n'.encode(), "line 2 is not CSV"),
        (f'{NEEDED}\nPlan,1,"never closed\n'.encode(), "line 2 is not CSV"),
        (NEEDED.encode("utf-16"), "save it as “CSV UTF-8”"),
    ],
)
def test_a_file_that_is_no_register_is_named_with_its_remedy_in_one_line(
    rows: Read, content: bytes, remedy: str
) -> None:
    with pytest.raises(NotARegister, match=remedy) as refusal:
        rows(content)
    assert "\n" not in str(refusal.value)


def test_rows_are_read_one_by_one() -> None:
    file = BytesIO(f"{NEEDED}\nPlan,1,Do it\n".encode() + b"Plan,2,Do it\n" * 10_000 + b"\xff\n")
    rows = Register(file).rows(today=date(2026, 11, 23), issued={})
    assert next(rows).values["number"] == "1"
    with pytest.raises(NotARegister, match="UTF-8"):
        list(rows)


@pytest.mark.parametrize(
    ("reference", "kind", "certain"),
    [
        ("MS 1234", "ministerial_statement", True),
        ("MS1234", "ministerial_statement", True),
        ("W6946/2024/1", "part_v", True),
        ("L9876/2025/1", "part_v", True),
        ("CPS 10501/1", "clearing_permit", True),
        ("EPBC 2024/01234", "epbc", True),
        ("EPL 20999", "epl", True),
        ("Portside CEMP", "management_plan", False),
        ("Fauna Management Plan Rev 2", "management_plan", False),
        ("MS 1234 section 5", "commitment", False),
        ("Board resolution", "commitment", False),
    ],
)
def test_a_mechanism_is_taken_for_an_instrument_only_by_its_unmistakable_form(
    reference: str, kind: str, certain: bool
) -> None:
    assert kind_of(reference) == (kind, certain)
