"""A document for Excel: what it says in words on the first sheet, each table on its own, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from registers.importing.sheets import encoded

from reports.statutory.document import FIELDS, NOT_STATED, Document, counts
from reports.statutory.zipping import with_fixed_dates

WIDE, NARROW = 60, 18
WRAPPED, BOLD = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
EVIDENCE = (
    ("No.", "number"),
    ("Obligation", "code"),
    ("Occurrence", "occurrence"),
    ("File", "name"),
    ("Description", "description"),
    ("Effective date", "effective_on"),
    ("Bytes", "size"),
    ("SHA-256", "sha256"),
)


def xlsx(document: Document, content: Mapping[str, Any]) -> bytes:
    """Return a report as XLSX; the same report gives the same bytes.

    Args:
        document: what the other writers write.
        content: what it was built from.
    """
    when = datetime.combine(datetime.fromisoformat(document.date).date(), time(12), tzinfo=UTC)
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = f"{document.title}: {document.subject}", document.organisation
    report = [["Part", "Text"], [document.title, document.subject], *document.cover]
    title = ""
    for block in document.blocks:
        if block.kind == "heading":
            title = block.text
        elif block.kind == "text":
            report.append([title, block.text])
        elif block.kind in {"facts", "signature"}:
            report += [[f"{title}: {label}", value] for label, value in block.rows]
    _sheet(book, "Report", report, (40, 110))
    totals = [list(row) for row in counts(content)]
    _sheet(book, "Counts", [["Status", "Meaning", "Number"], *totals], (18, 40, 12))
    lines = [[line[name] for _, name in FIELDS] for line in content["lines"]]
    _sheet(book, "Lines", [[title for title, _ in FIELDS], *lines], _widths(FIELDS))
    if content["findings"]:
        names = list(content["findings"][0])
        rows = [[row[name] or NOT_STATED for name in names] for row in content["findings"]]
        heads = [name.replace("_", " ").capitalize() for name in names]
        _sheet(book, "Non-compliances", [heads, *rows], [NARROW] * len(names))
    proofs = [[entry[name] for _, name in EVIDENCE] for entry in content["evidence"]]
    _sheet(book, "Evidence", [[title for title, _ in EVIDENCE], *proofs], _widths(EVIDENCE))
    file = BytesIO()
    book.save(file)
    return with_fixed_dates(file.getvalue(), when)


def _widths(fields: Any) -> list[int]:
    long = {"requirement", "how", "evidence", "information", "computed_reason", "name", "sha256"}
    return [WIDE if name in long else NARROW for _, name in fields]


def _sheet(book: Any, name: str, rows: Any, widths: Any) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    for number, row in enumerate(rows):
        sheet.append([_cell(sheet, value, heading=not number) for value in row])


def _cell(sheet: Any, value: Any, *, heading: bool) -> Any:
    if isinstance(value, int):
        return value
    cell: Any = WriteOnlyCell(sheet, "")
    # Set by hand: openpyxl would take a text for a formula, an error or a number.
    cell._value, cell.data_type = encoded(str(value)), "s"
    cell.alignment = WRAPPED
    if heading:
        cell.font = BOLD
    return cell
