from __future__ import annotations

import csv
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from accounts.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registers.importing.columns import COLUMNS
from registers.models import Aspect, Project

from obligations.exporting import write_csv, xlsx
from obligations.models import Obligation, Occurrence, RecurrenceRule

pytestmark = pytest.mark.django_db

# What spreadsheets run, what imports take for empty, and what only looks like either.
SPECIAL = st.sampled_from(
    [
        "=1+1",
        "+61 8 9999",
        "-",
        "@x",
        "'=x",
        "'",
        "''NULL",
        "NULL",
        "0.0",
        "#N/A",
        " a ",
        "\tx",
        "a\r\nb",
        "_x000D_",
        "1.10",
    ]
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
TEXT = SPECIAL | ANYTHING
DAY = st.dates(date(1990, 1, 1), date(2060, 12, 31)) | st.none()
REGISTER = st.lists(
    st.fixed_dictionaries(
        {
            "requirement": TEXT.filter(bool),
            "title": TEXT,
            "general_comments": TEXT,
            "tags": TEXT,
            "recurring_forecast_date": DAY,
            "gap_analysis": st.none() | st.booleans(),
            "risk": st.sampled_from(["", "low", "high"]),
            "recurring_status": st.sampled_from(["", "submitted", "completed"]),
            "compliance_override": st.sampled_from(["", "non_compliant", "not_required"]),
            "responsible_email": st.sampled_from(["", "Kim.Lee@Example.com", "+x@example.com"]),
            "extra": st.dictionaries(TEXT, TEXT.filter(bool), max_size=3),
        }
    ),
    min_size=1,
    max_size=4,
)


def stored() -> list[list[dict[str, Any]]]:
    models: tuple[Any, ...] = (Obligation, RecurrenceRule, Occurrence)
    return [list(model.objects.order_by("pk").values()) for model in models]


def exported(project: Project, form: str, folder: Path) -> Path:
    path = folder / f"register.{form}"
    call_command("export_register", path, project=project.code, stdout=StringIO())
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(register=REGISTER, names=st.tuples(TEXT.filter(bool), TEXT.filter(bool)))
def test_importing_an_export_changes_nothing(
    project: Project, tmp_path: Path, form: str, register: list[dict[str, Any]], names: tuple[str, str]
) -> None:
    word, number = names
    with transaction.atomic():
        for obligation, values in zip(project.obligations.order_by("pk"), register, strict=False):
            for name, value in values.items():
                setattr(obligation, name, value)
            obligation.aspect = Aspect.objects.get_or_create(organisation=project.organisation, name=word)[0]
            obligation.save()
        Obligation.objects.filter(pk=obligation.pk).update(number=number)
        Obligation.objects.get(pk=obligation.pk).save()
        before = stored()
        said = StringIO()
        call_command("import_register", exported(project, form, tmp_path), project="WRL", stdout=said)
        assert "20  unchanged" in said.getvalue()
        assert stored() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_new_project_made_of_an_export_exports_the_same(project: Project, tmp_path: Path, form: str) -> None:
    path = exported(project, form, tmp_path)
    organisation = project.organisation.slug
    call_command("import_register", path, project="TWIN", organisation=organisation, stdout=StringIO())
    twin = Project.objects.get(code="TWIN")
    first, second = rows_of(project), rows_of(twin)
    assert first == second
    assert len(first) == 21


def rows_of(project: Project) -> list[list[str]]:
    text = b"".join(write_csv(project.obligations.in_order("number"))).decode("utf-8-sig")
    return sorted(csv.reader(StringIO(text, newline="")))


def test_no_cell_of_a_csv_file_begins_like_a_formula(project: Project) -> None:
    Obligation.objects.update(general_comments="=HYPERLINK(1)", extra={"@note": "-2"})
    cells = [cell for row in rows_of(project) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    # A negative number is one.
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t")) and cell != "-1"]


def test_a_workbook_holds_texts_as_texts_and_dates_as_dates(project: Project) -> None:
    Obligation.objects.update(general_comments="=1+1", recurring_forecast_date=date(2027, 2, 28))
    sheet: Any
    with xlsx(project.obligations.all()) as file:
        (sheet,) = openpyxl.load_workbook(file).worksheets
    header = [cell.value for cell in sheet[1]]
    comment = sheet.cell(2, header.index("general_comments") + 1)
    day = sheet.cell(2, header.index("recurring_forcasted_date") + 1)
    assert (comment.value, comment.data_type) == ("=1+1", "s")
    assert (day.value.date(), day.number_format) == (date(2027, 2, 28), "yyyy-mm-dd")
    assert header[: len(COLUMNS)] == [column.names[0] for column in COLUMNS]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_exactly_the_filtered_view_is_sent(client: Client, project: Project, manager: User, form: str) -> None:
    client.force_login(manager)
    address = f"/projects/WRL/register/export/{form}/?state=overdue&sort=-due"
    response = client.get(address)
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    overdue = list(project.obligations.overdue(project.today).in_order("-due").values_list("number", flat=True))
    assert overdue
    rows: list[list[Any]]
    if form == "csv":
        rows = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(BytesIO(content)).worksheets[0].rows]
    assert [row[2] for row in rows[1:]] == overdue
    assert f'filename="WRL-register-{project.today}.{form}"' in response["Content-Disposition"]


def test_only_those_may_export_who_hold_the_permission(
    client: Client, project: Project, viewer: User, stranger: User
) -> None:
    for user, status in ((viewer, 403), (stranger, 404)):
        client.force_login(user)
        assert client.get("/projects/WRL/register/export/csv/").status_code == status


def test_there_is_no_other_format(client: Client, manager: User) -> None:
    client.force_login(manager)
    assert client.get("/projects/WRL/register/export/pdf/").status_code == 404


def test_the_command_says_what_is_wrong_in_one_line(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="add --format"):
        call_command("export_register", tmp_path / "register", project="WRL")
    with pytest.raises(CommandError, match=r"no project NOWHERE \(there are: WRL\)"):
        call_command("export_register", tmp_path / "register.csv", project="nowhere")
    with pytest.raises(CommandError, match="name a file that can be written"):
        call_command("export_register", tmp_path / "no" / "register.csv", project="WRL")


def test_an_export_fetches_many_obligations_at_once(project: Project, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        list(write_csv(project.obligations.in_order("number")))
    with django_assert_num_queries(3):
        list(write_csv(project.obligations.filter(number="8-4")))
