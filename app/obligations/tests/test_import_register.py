from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from accounts.models import Organisation
from django.core.management import CommandError, call_command
from registers.models import Aspect, Mechanism, Party, Project

from obligations.models import Obligation
from obligations.states import Frequency, Status

DIRTY = Path(__file__).parent / "data" / "dirty.csv"
NEEDED = "mechanism,number,obligation"

pytestmark = pytest.mark.django_db
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def organisation() -> Organisation:
    return Organisation.objects.create(name="Dry Creek Power", slug="dry-creek-power")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a register of these lines."""

    def writer(text: str) -> Path:
        path = tmp_path / "register.csv"
        path.write_text(text)
        return path

    return writer


def run(file: Path, **options: object) -> str:
    output = StringIO()
    call_command("import_register", file, **{"project": "DRY", **options}, stdout=output)
    return output.getvalue()


def report_of(file: Path, tmp_path: Path, **options: object) -> list[dict[str, str]]:
    report = tmp_path / "report.csv"
    run(file, report=report, **options)
    with report.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_dirty_register_ends_row_by_row_as_accepted_warned_or_refused(tmp_path: Path) -> None:
    results = {line["line"]: line["result"] for line in report_of(DIRTY, tmp_path)}
    assert results == {
        **dict.fromkeys(["3", "4", "8", "16", "17", "19", "20", "21"], "accepted with a warning"),
        "23": "accepted",
        **dict.fromkeys(["7", "9", "10", "11", "12", "13", "14", "15", "18", "22"], "refused"),
    }
    assert Obligation.objects.count() == 9


@pytest.mark.parametrize(
    ("line", "column", "message", "remedy"),
    [
        ("7", "action__due_date", "more than 50 years after today", "write the intended year, e.g. 2027-03-31"),
        ("9", "inspection__frequency", "not a known frequency", "write one of: daily, weekly"),
        ("10", "recurring__frequency", "twice in a period or once in two", "six-monthly, every two years"),
        ("11", "action__due_date", "there is no such day", "write year-month-day"),
        ("12", "obligation__number", "it is empty", "every obligation needs one"),
        ("13", "obligation", "it is empty", "every obligation needs one"),
        ("14", "obligation__number", "line 4 has this number too, with other words", "give each its own number"),
        ("15", "obligation__number", "repeats line 3 word for word", "delete it, nothing is lost"),
        ("18", "obligation__number", "line 17 has this number too, with other words", "give each its own number"),
        ("22", "status", "not a known status", "write one of: not started, in progress, completed"),
        ("22", "person_email", "not an email address", "write one, such as"),
        ("22", "inspection", "neither yes nor no", "write Yes or No"),
    ],
)
def test_a_refusal_says_why_and_what_to_write(
    tmp_path: Path, line: str, column: str, message: str, remedy: str
) -> None:
    found = [entry for entry in report_of(DIRTY, tmp_path) if (entry["line"], entry["column"]) == (line, column)]
    assert message in found[-1]["message"]
    assert remedy in found[-1]["remedy"]


@pytest.mark.parametrize(
    ("line", "column", "read", "stored"),
    [
        ("8", "close__out__date", "NULL", ""),
        ("8", "general__comments", "0.0", ""),
        ("8", "recurring__frequency", "Annual", "annually"),
        ("8", "environmental__aspect", "dust management", "Dust Management"),
        ("16", "project_phase", "Prior to Construction", "Prior to Construction"),
        ("16", "person_email", "Pat.Lee@Example.com", "pat.lee@example.com"),
        ("21", "project__name", "Wet Creek Solar", "Wet Creek Solar"),
    ],
)
def test_what_was_changed_or_is_unusual_is_told_with_what_was_read_and_what_is_stored(
    tmp_path: Path, line: str, column: str, read: str, stored: str
) -> None:
    found = [entry for entry in report_of(DIRTY, tmp_path) if (entry["line"], entry["column"]) == (line, column)]
    assert [(entry["read"], entry["stored"]) for entry in found] == [(read, stored)]
    assert found[0]["message"]


def test_each_cell_of_a_row_has_its_field() -> None:
    run(DIRTY)
    found = Obligation.objects.get(number="DC-04")
    assert str(found.mechanism) == "Dry Creek CEMP"
    assert (found.action_due_date, found.close_out_date) == (date(2027, 6, 30), None)
    assert (found.status, found.recurring_status) == (Status.IN_PROGRESS, Status.NOT_STARTED)
    assert (found.recurring, found.recurring_frequency) == (True, Frequency.ANNUALLY)
    assert found.recurring_forecast_date == date(2028, 6, 30)
    assert found.gap_analysis is False
    assert str(found.aspect) == "Dust Management"


def test_line_breaks_and_columns_without_a_field_are_kept() -> None:
    run(DIRTY)
    found = Obligation.objects.get(number="DC-02")
    assert found.requirement == "The laydown area is swept.\nSweepings are bagged, not washed away."
    assert str(found.accountability) == "Builder - during construction\nDry Creek Power - during operation"
    assert found.extra == {"covered_in_which_inspection_checklist": "Weekly walk, item 7"}
    assert Obligation.objects.get(number="DC-17").extra == {"project__name": "Wet Creek Solar"}


def test_words_that_no_list_has_become_the_organisations_words_once(organisation: Organisation) -> None:
    Aspect.objects.create(organisation=organisation, name="DUST  Management")
    output = run(DIRTY)
    assert "2  accountability: a new party" in output
    assert set(Party.objects.filter(organisation=organisation).values_list("name", flat=True)) == {
        "Dry Creek Power",
        "Builder - during construction\nDry Creek Power - during operation",
    }
    assert sorted(Aspect.objects.values_list("name", flat=True)) == ["DUST  Management", "Other", "Reporting"]


def test_mechanisms_are_created_and_a_guessed_kind_is_noted(tmp_path: Path) -> None:
    lines = {line["stored"]: line["message"] for line in report_of(DIRTY, tmp_path) if "new mech" in line["message"]}
    assert lines["MS 4321"] == "a new mechanism, as Ministerial Statement (EP Act Part IV)"
    assert lines["Dry Creek CEMP"].endswith("its name does not tell its kind, so check it")
    assert dict(Mechanism.objects.values_list("reference", "kind")) == {
        "MS 4321": "ministerial_statement",
        "W5521/2026/1": "part_v",
        "Dry Creek CEMP": "management_plan",
    }


def test_another_spelling_of_a_mechanism_is_the_same_mechanism(write: Write) -> None:
    output = run(write(f"{NEEDED}\nMS 4321,1,x\nMS4321,2,x\nms 4321,3,x\n"))
    assert "2  mechanism: another spelling of a known mechanism" in output
    assert list(Mechanism.objects.values_list("reference", flat=True)) == ["MS 4321"]


def test_two_mechanisms_may_have_the_same_condition(write: Write) -> None:
    run(write(f"{NEEDED}\nMS 4321,1,x\nMS 4322,1,y\n"))
    assert Obligation.objects.count() == 2


def test_a_project_that_is_missing_is_created_aloud_with_the_name_in_the_file(organisation: Organisation) -> None:
    assert "New project DRY “Dry Creek Solar” of Dry Creek Power." in run(DIRTY, project="dry")
    assert Project.objects.get(code="DRY").organisation == organisation


def test_with_several_organisations_the_owner_of_a_new_project_must_be_named() -> None:
    other = Organisation.objects.create(name="Wet Creek Power", slug="wet-creek-power")
    with pytest.raises(CommandError, match=r"--organisation SLUG \(there are: dry-creek-power, wet-creek-power\)"):
        run(DIRTY)
    run(DIRTY, organisation="wet-creek-power")
    assert Project.objects.get().organisation == other
    run(DIRTY)
    with pytest.raises(CommandError, match="belongs to another organisation"):
        run(DIRTY, organisation="dry-creek-power")


def test_a_code_that_cannot_stand_in_an_address_is_refused() -> None:
    with pytest.raises(CommandError, match="Use capital letters, digits and hyphens"):
        run(DIRTY, project="dry creek")


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    run(DIRTY)
    before = list(Obligation.objects.order_by("pk").values())
    results = {line["line"]: line["result"] for line in report_of(DIRTY, tmp_path)}
    assert set(results.values()) == {"unchanged", "refused"}
    assert list(Obligation.objects.order_by("pk").values()) == before


def test_a_corrected_row_comes_in_and_a_changed_one_tells_each_difference(write: Write, tmp_path: Path) -> None:
    header = f"{NEEDED},status,aspect,due_date,note"
    run(write(f"{header}\nPlan,1,Sweep,not started,Dust,2027-01-01,a\nPlan,2,Sow,not started,Soil,2107-01-01,b\n"))
    changed = write(f"{header}\nPlan,1,Sweep,in progress,Air,,\nPlan,2,Sow,not started,Soil,2027-01-01,b\n")
    lines = report_of(changed, tmp_path)
    differences = {line["column"]: (line["before"], line["stored"]) for line in lines if line["message"] == "changed"}
    assert differences == {
        "status": ("not started", "in progress"),
        "aspect": ("Dust", "Air"),
        "due_date": ("2027-01-01", ""),
        "note": ("a", ""),
    }
    assert {line["result"] for line in lines if line["number"] == "1"} == {"updated"}
    first, second = Obligation.objects.order_by("sort_key")
    assert (first.version, first.status, str(first.aspect), first.action_due_date) == (2, "in_progress", "Air", None)
    assert second.action_due_date == date(2027, 1, 1)


def test_columns_that_a_file_lacks_are_left_as_they_are(write: Write) -> None:
    run(write(f"{NEEDED},status,note\nPlan,1,Sweep,in progress,by hand\n"))
    run(write(f"{NEEDED}\nPlan,1,Sweep twice\n"))
    found = Obligation.objects.get()
    assert (found.requirement, found.status) == ("Sweep twice", "in_progress")
    assert found.extra == {"note": "by hand"}


def test_a_number_spelt_with_other_spaces_is_the_same_obligation(write: Write) -> None:
    run(write(f"{NEEDED}\nPlan,Condition 8.1(b),Sweep\n"))
    assert "1  updated" in run(write(f"{NEEDED}\nPlan,Condition 8.1 (b),Sweep\n"))
    assert Obligation.objects.get().number == "Condition 8.1 (b)"


def test_the_first_of_two_twins_keeps_the_number_even_while_it_is_refused(write: Write) -> None:
    output = run(write(f"{NEEDED},due_date\nPlan,1,Sweep,2107-01-01\nPlan,1,Sow,2027-01-01\n"))
    assert "2  refused" in output
    assert not Obligation.objects.exists()


def test_a_dry_run_reports_and_writes_nothing(tmp_path: Path) -> None:
    dry = report_of(DIRTY, tmp_path, dry_run=True)
    assert not Project.objects.exists()
    assert not Aspect.objects.exists()
    assert report_of(DIRTY, tmp_path) == dry


def test_strict_writes_nothing_if_any_row_is_refused(write: Write) -> None:
    with pytest.raises(CommandError, match="nothing was written"):
        run(DIRTY, strict=True)
    assert not Project.objects.exists()
    run(write(f"{NEEDED}\nPlan,1,Sweep\n"), strict=True)
    assert Obligation.objects.count() == 1


def test_a_file_that_breaks_off_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(f"{NEEDED}\n".encode() + b"Plan,1,Sweep\n" * 2000 + b"Plan,2,\xff\n")
    with pytest.raises(CommandError, match="not UTF-8"):
        run(path)
    assert not Project.objects.exists()
    assert not Obligation.objects.exists()


def test_more_rows_than_a_batch_are_told_apart_as_well(write: Write) -> None:
    lines = [f"Plan,{number},Sweep" for number in range(1, 1201)]
    assert "1199  accepted\n     1  accepted with a warning\n     1  refused" in run(
        write("\n".join([NEEDED, *lines, "Plan,1,Sow"]))
    )
    assert "1200  unchanged" in run(write("\n".join([NEEDED, *lines])))
    assert Obligation.objects.count() == 1200


def test_the_date_of_issue_decides_which_dates_are_far_away(write: Write) -> None:
    run(write(f"{NEEDED}\nMS 4321,1,Sweep\n"))
    old = write(f"{NEEDED},close_out_date,status\nMS4321,1,Sweep,1970-01-01,completed\n")
    assert "1  refused" in run(old)
    Mechanism.objects.update(issued=date(1972, 5, 5))
    assert "1  updated" in run(old)


@pytest.mark.parametrize("report", ["", "no/such/folder/report.csv"])
def test_a_report_that_cannot_be_written_is_said_before_anything_is_read(tmp_path: Path, report: str) -> None:
    with pytest.raises(CommandError, match="name a file that can be written"):
        run(DIRTY, report=tmp_path / report)
    assert not Project.objects.exists()


def test_a_report_never_overwrites_the_register(write: Write) -> None:
    file = write(f"{NEEDED}\nPlan,1,Sweep\n")
    with pytest.raises(CommandError, match="name another file"):
        run(file, report=file)
    assert file.read_text().startswith(NEEDED)


def test_a_missing_file_is_named_in_one_line() -> None:
    with pytest.raises(
        CommandError, match=r"nowhere.csv: No such file or directory: give the path of a CSV or XLSX file"
    ):
        run(Path("nowhere.csv"))
