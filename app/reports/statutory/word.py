"""A document for Word: headings, a table of contents, tables whose first row repeats, page x of y."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any

from docx import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from reports.statutory.document import Block, Document
from reports.statutory.zipping import with_fixed_dates

FONT = "Cambria"
INK, QUIET = RGBColor(0x17, 0x3A, 0x2E), RGBColor(0x55, 0x63, 0x5C)
TINTS = {"bad": "F7D9D4", "doubt": "FBE9CB"}
HEADINGS = {1: 17.0, 2: 12.5, 3: 11.0}
SMALL, MANY = 7.5, 5
FACT_WIDTHS = (28, 72)
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
SAID = ("text", "rows")


def docx(document: Document) -> bytes:
    """Return the document as DOCX; the same document gives the same bytes."""
    document = _printable(document)
    word = WordDocument()
    when = datetime.combine(datetime.fromisoformat(document.date).date(), time(12), tzinfo=UTC)
    _styles(word)
    _properties(word, document, when)
    _section(word.sections[0], across=False)
    _cover(word, document)
    across = False
    for block in document.blocks:
        if block.kind == "heading" and block.appendix != across and (block.appendix or block.level == 1):
            across = block.appendix
            _section(word.add_section(WD_SECTION.NEW_PAGE), across=across)
        WRITERS[block.kind](word, block)
    file = BytesIO()
    word.save(file)
    return with_fixed_dates(file.getvalue(), when)


def _printable(document: Document) -> Document:
    """Return it without the signs that XML has none for."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return UNPRINTABLE.sub("\ufffd", value)
        return type(value)(map(clean, value)) if isinstance(value, (list, tuple)) else value

    blocks = [replace(block, **{name: clean(getattr(block, name)) for name in SAID}) for block in document.blocks]
    return replace(document, subject=clean(document.subject), cover=clean(document.cover), blocks=blocks)


def _styles(word: Any) -> None:
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(6)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-AU")
    normal.element.rPr.append(language)
    for level, size in HEADINGS.items():
        style = word.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), INK
        # The theme's fonts would win over the one that is named.
        for name in list(style.element.rPr.rFonts.attrib):
            if "Theme" in name:
                del style.element.rPr.rFonts.attrib[name]
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(16 if level == 1 else 12), Pt(6)
        style.paragraph_format.keep_with_next = True


def _properties(word: Any, document: Document, when: datetime) -> None:
    told = word.core_properties
    told.title, told.author = f"{document.title}: {document.subject}", document.organisation
    told.last_modified_by, told.comments, told.language = document.organisation, "", "en-AU"
    told.created = told.modified = when.replace(tzinfo=None)
    section = word.sections[0]
    section.different_first_page_header_footer = True
    _quiet(section.header.paragraphs[0], document.running)
    for footer in (section.footer, section.first_page_footer):
        paragraph = footer.paragraphs[0]
        _quiet(paragraph, f"{document.title} · Page ")
        _field(paragraph, "PAGE")
        _quiet(paragraph, " of ")
        _field(paragraph, "NUMPAGES")


def _section(section: Any, *, across: bool) -> None:
    size = (Cm(29.7), Cm(21.0)) if across else (Cm(21.0), Cm(29.7))
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = size
    section.left_margin = section.right_margin = Cm(1.6 if across else 2.4)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2)
    # Only the very first page goes without a header.
    if section.start_type == WD_SECTION.NEW_PAGE and section.header.is_linked_to_previous:
        section.different_first_page_header_footer = False


def _cover(word: Any, document: Document) -> None:
    for text, size, colour, before in (
        (document.organisation, 11, QUIET, 90),
        (document.title, 30, INK, 6),
        (document.subject, 14, INK, 0),
    ):
        paragraph = word.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(before)
        run = paragraph.add_run(text)
        run.font.size, run.font.color.rgb, run.font.bold = Pt(size), colour, size == 30
    word.add_paragraph()
    _facts(word, Block("facts", rows=document.cover))
    note = word.add_paragraph()
    note.paragraph_format.space_before = Pt(24)
    _quiet(note, document.follows)
    contents = word.add_paragraph()
    contents.paragraph_format.page_break_before = True
    run = contents.add_run("Contents")
    run.font.size, run.font.bold, run.font.color.rgb = Pt(HEADINGS[1]), True, INK
    for block in document.blocks:
        if block.kind == "heading" and block.level <= 2:
            line = word.add_paragraph(block.text)
            line.paragraph_format.left_indent, line.paragraph_format.space_after = Cm(0.6 * (block.level - 1)), Pt(3)
    word.add_paragraph().paragraph_format.space_after = Pt(0)
    first = next((block for block in document.blocks if block.kind == "heading"), None)
    if first is not None and not first.appendix:
        word.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)


def _heading(word: Any, block: Block) -> None:
    word.add_heading(block.text, level=min(block.level, 3))


def _text(word: Any, block: Block) -> None:
    for piece in block.text.split("\n\n"):
        word.add_paragraph(piece.strip("\n"))


def _facts(word: Any, block: Block) -> None:
    table = _table(word, list(zip(("", ""), FACT_WIDTHS, strict=True)), heading=False)
    _rows(table, block.rows, FACT_WIDTHS, size=10)
    word.add_paragraph().paragraph_format.space_after = Pt(0)


def _grid(word: Any, block: Block) -> None:
    size = SMALL if len(block.columns) > MANY else 9.5
    table = _table(word, block.columns, heading=True, size=size)
    widths = [width for _, width in block.columns]
    state = block.status_column
    _rows(table, block.rows, widths, size=size, state=state, tones=block.tones)
    word.add_paragraph().paragraph_format.space_after = Pt(0)


def _signature(word: Any, block: Block) -> None:
    # What is signed stands on the page of the signature.
    word.paragraphs[-1].paragraph_format.keep_with_next = True
    for label, value in block.rows:
        paragraph = word.add_paragraph()
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.keep_with_next = Pt(12), True
        _quiet(paragraph, f"{label}: ")
        paragraph.add_run(value or "_" * 48)


def _table(word: Any, columns: Any, *, heading: bool, size: float = 10) -> Any:
    table = word.add_table(rows=1 if heading else 0, cols=len(columns))
    table.style, table.autofit = "Table Grid", False
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("color", "B9C4BE")):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)
    for side in ("left", "right", "insideV"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:val"), "nil")
        borders.append(edge)
    table._tbl.tblPr.append(borders)
    if heading:
        row = table.rows[0]
        again = OxmlElement("w:tblHeader")
        row._tr.get_or_add_trPr().append(again)
        for cell, (title, _) in zip(row.cells, columns, strict=True):
            run = cell.paragraphs[0].add_run(title)
            run.font.bold, run.font.size = True, Pt(size)
    return table


def _rows(table: Any, rows: Any, widths: Any, *, size: float, state: int = -1, tones: Any = ()) -> None:
    """Add rows as XML: the library looks at the whole table for each cell, which is slow for thousands."""
    full = table.part.document.sections[-1]
    room = (full.page_width - full.left_margin - full.right_margin) // 635
    share = [int(room * width / sum(widths)) for width in widths]
    for column, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), share, strict=True):
        column.set(qn("w:w"), str(width))
    for header in table._tbl.tr_lst:
        for cell, width in zip(header.tc_lst, share, strict=True):
            cell.width = width * 635
    model = _cell(size)
    for number, row in enumerate(rows):
        line = OxmlElement("w:tr")
        together = OxmlElement("w:trPr")
        together.append(OxmlElement("w:cantSplit"))
        line.append(together)
        for place, (value, width) in enumerate(zip(row, share, strict=True)):
            cell = deepcopy(model)
            cell[0][0].set(qn("w:w"), str(width))
            tint = TINTS.get(tones[number]) if place == state and tones else None
            if tint:
                shade = OxmlElement("w:shd")
                for name, said in (("val", "clear"), ("color", "auto"), ("fill", tint)):
                    shade.set(qn(f"w:{name}"), said)
                cell[0].append(shade)
            _say(cell[1][1], value)
            line.append(cell)
        table._tbl.append(line)


def _cell(size: float) -> Any:
    cell, told, width = OxmlElement("w:tc"), OxmlElement("w:tcPr"), OxmlElement("w:tcW")
    width.set(qn("w:type"), "dxa")
    told.append(width)
    paragraph, layout, space = OxmlElement("w:p"), OxmlElement("w:pPr"), OxmlElement("w:spacing")
    space.set(qn("w:before"), "40")
    space.set(qn("w:after"), "40")
    layout.append(space)
    run, look, big = OxmlElement("w:r"), OxmlElement("w:rPr"), OxmlElement("w:sz")
    big.set(qn("w:val"), str(int(size * 2)))
    look.append(big)
    run.append(look)
    paragraph.extend([layout, run])
    cell.extend([told, paragraph])
    return cell


def _say(run: Any, value: str) -> None:
    for number, line in enumerate(value.split("\n")):
        if number:
            run.append(OxmlElement("w:br"))
        text = OxmlElement("w:t")
        text.text = line
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(text)


def _quiet(paragraph: Any, text: str) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(8.5), QUIET


def _field(paragraph: Any, name: str) -> None:
    """Let Word fill in a number."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run = OxmlElement("w:r")
    look, big = OxmlElement("w:rPr"), OxmlElement("w:sz")
    big.set(qn("w:val"), "17")
    look.append(big)
    text = OxmlElement("w:t")
    text.text = "1"
    run.extend([look, text])
    field.append(run)
    paragraph._p.append(field)


WRITERS = {"heading": _heading, "text": _text, "facts": _facts, "table": _grid, "signature": _signature}
