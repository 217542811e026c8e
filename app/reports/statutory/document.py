"""A report as a sequence of blocks, the same for the page, for PDF, Word and Excel: what they say cannot differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from string import ascii_uppercase
from typing import Any

LABELS = {
    "reference": "Reference",
    "kind": "Kind",
    "title": "Title",
    "holder": "Holder",
    "regulator": "Regulator",
    "issued": "Issued",
    "effective": "In effect from",
    "expires": "Expires",
    "version": "Version",
    "plans": "Plans under it",
    "period": "Reporting period",
    "obligation": "Condition",
    "requirement": "Requirement",
    "dates": "Date or dates",
    "times": "Number of times in the period",
    "aware_on": "Became aware on",
    "continuing": "Still continuing",
    "medium": "Medium",
    "pollution_incident": "Pollution incident",
    "location": "Location",
    "description": "What happened",
    "cause": "Cause",
    "mitigation": "Actions to mitigate",
    "prevention": "Actions to prevent recurrence",
    "notified": "Regulator told",
    "actions": "Corrective actions",
}
# What files of data tell of each line: title and name.
FIELDS = (
    ("Code", "code"),
    ("Subject", "subject"),
    ("Requirement", "requirement"),
    ("How", "how"),
    ("Procedure", "procedure"),
    ("Evidence", "evidence"),
    ("Satisfies", "satisfies"),
    ("Advice", "advice"),
    ("Phase", "phase"),
    ("When", "when"),
    ("Last done", "last_done"),
    ("Status", "status"),
    ("Computed status", "computed_status"),
    ("Computed because", "computed_reason"),
    ("Judged by", "judged_by"),
    ("Further information", "information"),
    ("Occurrences", "occurrences"),
)
NOT_STATED = "Not stated"
NO_PARTICULARS = (
    "Of these conditions the register holds a finding and no record of a non-compliance with its particulars:"
)
NOT_WRITTEN = "Nothing was written in this part."


@dataclass(frozen=True)
class Block:
    """One piece of a document.

    Args:
        kind: `heading`, `text`, `facts`, `table` or `signature`.
        text: of a heading or of paragraphs, which an empty line parts.
        level: of a heading, from 1.
        appendix: whether the heading begins a part on pages of its own, laid out across.
        rows: of facts (label and value) or of a table.
        columns: of a table: title and share of the width.
        tones: of a table's rows: `bad`, `doubt` or nothing.
        status_column: the place of the column that a tone tints.
        key: by which the page finds the part's form.
    """

    kind: str
    text: str = ""
    level: int = 0
    appendix: bool = False
    rows: Sequence[Sequence[str]] = ()
    columns: Sequence[tuple[str, int]] = ()
    tones: Sequence[str] = ()
    status_column: int = -1
    key: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed, and when in the words of the document; empty before that."""

    name: str = ""
    position: str = ""
    date: str = ""


@dataclass(frozen=True)
class Document:
    """A whole report, ready for any writer.

    Args:
        title: such as `Compliance Assessment Report`.
        subject: whose: the mechanism's reference and title.
        organisation: who makes it.
        running: what stands at the top of each page.
        follows: whose layout it follows.
        date: the day that it carries everywhere, in ISO format; a document made again next year carries it too.
        cover: facts of the first page.
        blocks: in order.
        volume: such as `Volume 1 of 2`; empty if there is one.
    """

    title: str
    subject: str
    organisation: str
    running: str
    follows: str
    date: str
    cover: Sequence[Sequence[str]]
    blocks: Sequence[Block] = field(default_factory=list)
    volume: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def build(
    content: Mapping[str, Any], *, sha256: str, date: str, standing: str, signature: Signature | None = None
) -> Document:
    """Return the document of a report's content.

    Args:
        content: as `computing.content` returns it and `freezing.frozen` gives it back.
        sha256: of the snapshot; empty for a draft.
        date: of the finalisation, in ISO format.
        standing: the report's state in a word or two, such as `Draft`.
        signature: if it was signed.
    """
    layout, facts = content["layout"], content["facts"]
    cover = [
        ("Proposal or activity", facts["title"]),
        ("Instrument", f"{facts['reference']} ({facts['kind']})"),
        ("Holder", facts["holder"]),
        ("Submitted to", facts["regulator"]),
        ("Reporting period", facts["period"]),
        ("Revision", f"{content['revision']} ({standing})"),
        ("Prepared by", facts["prepared_by"]),
        ("SHA-256 of the content", sha256),
    ]
    return Document(
        title=layout["name"],
        subject=f"{facts['reference']}, {facts['title']}",
        organisation=content["organisation"],
        running=f"{layout['short']} {facts['reference']} · {facts['period']} · Revision {content['revision']}",
        follows=layout["follows"],
        date=date,
        cover=[row for row in cover if row[1]],
        blocks=list(_blocks(content, signature or Signature())),
    )


def _blocks(content: Mapping[str, Any], signature: Signature) -> Iterator[Block]:
    number, below, appendices, across = 0, 0, 0, False
    for part in content["layout"]["parts"]:
        title, level = part["title"], part.get("level", 1)
        if part.get("appendix"):
            title = f"Appendix {ascii_uppercase[appendices]}: {title}"
            appendices += 1
        elif content["layout"]["numbered"]:
            number, below = (number, below + 1) if level > 1 else (number + 1, 0)
            title = f"{number}.{below} {title}" if below else f"{number} {title}"
        # A table of many columns reads better across, on pages of its own.
        if level == 1:
            wide = bool(part.get("appendix")) and part["kind"] in {"lines", "evidence"}
            # What is empty begins no page for itself.
            across = wide and (across or bool(content[part["kind"]]))
        yield Block("heading", title, level, appendix=across, key=part.get("key", ""))
        yield from PARTS[part["kind"]](part, content, signature)


def volumes(document: Document, rows: int) -> list[Document]:
    """Part a long document so that none of its volumes has tables of more than so many rows in all.

    A typesetter's memory grows with the rows; a host of half a gigabyte takes some hundreds.
    """
    parts: list[list[Block]] = [[]]
    left, title = rows, Block("heading")
    for block in document.blocks:
        if block.kind == "heading":
            title = block
        while block.kind == "table" and len(block.rows) > left:
            parts[-1] += [replace(block, rows=block.rows[:left], tones=block.tones[:left])] if left else []
            block = replace(block, rows=block.rows[left:], tones=block.tones[left:])  # noqa: PLW2901 - what is left
            parts.append([replace(title, text=f"{title.text}, continued")])
            left = rows
        left -= len(block.rows) if block.kind == "table" else 0
        parts[-1].append(block)
    if len(parts) == 1:
        return [document]
    return [
        replace(document, blocks=blocks, volume=f"Volume {number} of {len(parts)}")
        for number, blocks in enumerate(parts, start=1)
    ]


def _text(part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    yield Block("text", content["narrative"][part["key"]].strip() or NOT_WRITTEN, key=part["key"])


def _facts(part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    rows = [(LABELS[name], content["facts"][name]) for name in part["facts"] if content["facts"][name]]
    yield Block("facts", rows=rows)


def _statement(part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    against = [line for line in content["lines"] if line["finding"] in part["against"]]
    terms = {term["finding"]: term["label"] for term in content["layout"]["status"]}
    yield Block("text", part["question"])
    yield Block("facts", rows=[("Answer", "No" if against else "Yes")])
    if against:
        columns = [("Condition", 20), ("Subject", 50), ("Status", 30)]
        rows = [[line["code"], line["subject"], terms[line["finding"]]] for line in against]
        tones = [tone(line["finding"]) for line in against]
        yield Block("table", rows=rows, columns=columns, tones=tones, status_column=2)


def _counts(_part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    found, number = counts(content), str(len(content["lines"]))
    if all(code == label for code, label, _ in found):
        rows, columns = [[code, str(of)] for code, _, of in found] + [["All", number]], [("Status", 75), ("Number", 25)]
    else:
        rows = [[code, label, str(of)] for code, label, of in found] + [["", "All", number]]
        columns = [("Status", 25), ("Meaning", 50), ("Number", 25)]
    yield Block("table", rows=rows, columns=columns, tones=[""] * len(rows))


def counts(content: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return the status terms with how many lines have each: code, label, number."""
    number = Counter(line["status"] for line in content["lines"])
    labels = {term["code"]: term["label"] for term in content["layout"]["status"]}
    return [(code, label, number[code]) for code, label in labels.items()]


def _findings(part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    particular = {row["obligation"] for row in content["findings"]}
    bare = [line for line in content["lines"] if tone(line["finding"]) and line["code"] not in particular]
    if not content["findings"] and not bare:
        yield Block("text", "There was none in the reporting period.")
    for row in content["findings"]:
        yield Block("heading", f"{row['reference']} {row['title']}", part.get("level", 1) + 1)
        yield Block("facts", rows=[(LABELS[name], row[name] or NOT_STATED) for name in part["facts"]])
    if bare:
        # A statement of compliance that says no, and particulars that say none, would contradict each other.
        terms = {term["finding"]: term["label"] for term in content["layout"]["status"]}
        rows = [[line["code"], terms[line["finding"]], line["information"] or NOT_STATED] for line in bare]
        columns = [("Condition", 18), ("Status", 22), ("What the register holds", 60)]
        yield Block("text", NO_PARTICULARS)
        yield Block("table", rows=rows, columns=columns, tones=[tone(one["finding"]) for one in bare], status_column=1)


def _declaration(part: Mapping[str, Any], _content: Mapping[str, Any], signature: Signature) -> Iterator[Block]:
    yield Block("text", part["text"])
    rows = [("Name", signature.name), ("Position", signature.position), ("Signed", signature.date)]
    yield Block("signature", rows=rows)


def _statuses(_part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    terms = {term["code"]: [term["code"], term["label"], term["means"]] for term in content["layout"]["status"]}
    columns = [("Term", 18), ("Meaning", 27), ("When it is used", 55)]
    yield Block("table", rows=list(terms.values()), columns=columns, tones=[""] * len(terms))


def _lines(part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    columns = [(column["title"], column["width"]) for column in part["columns"]]
    rows = [[line[column["field"]] for column in part["columns"]] for line in content["lines"]]
    tones = [tone(line["finding"]) for line in content["lines"]]
    status = [column["field"] for column in part["columns"]].index("status")
    yield Block("table", rows=rows, columns=columns, tones=tones, status_column=status)


def _evidence(_part: Mapping[str, Any], content: Mapping[str, Any], _: Signature) -> Iterator[Block]:
    if not content["evidence"]:
        yield Block("text", "No file was kept as evidence for the reporting period.")
        return
    fields = ("number", "code", "occurrence", "name", "effective_on", "size", "sha256")
    columns = [
        ("No.", 5),
        ("Obligation", 11),
        ("Occurrence", 11),
        ("File", 22),
        ("Effective date", 11),
        ("Bytes", 7),
        ("SHA-256", 33),
    ]
    rows = [[str(entry[name]) for name in fields] for entry in content["evidence"]]
    yield Block("table", rows=rows, columns=columns, tones=[""] * len(rows))


def tone(finding: str) -> str:
    """Return how a line's status is tinted, beside its word."""
    return {"non_compliant": "bad", "potentially_non_compliant": "doubt"}.get(finding, "")


PARTS = {
    "text": _text,
    "facts": _facts,
    "statement": _statement,
    "counts": _counts,
    "findings": _findings,
    "declaration": _declaration,
    "statuses": _statuses,
    "lines": _lines,
    "evidence": _evidence,
}
