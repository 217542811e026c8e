"""Two texts side by side, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from registers.models import Condition, Mechanism, MechanismVersion

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """Words that both texts have (`same`), that went (`del`) or that came (`ins`)."""

    kind: str
    text: str


class Compared(NamedTuple):
    """A condition in two versions; either is None where it was not in force."""

    before: Condition | None
    after: Condition | None
    heading: list[Piece]
    text: list[Piece]

    @property
    def kind(self) -> str:
        if self.before is None:
            return "new"
        if self.after is None:
            return "ended"
        changed = any(piece.kind != "same" for piece in [*self.heading, *self.text])
        return "changed" if changed or self.before.number != self.after.number else "same"


def pieces(before: str, after: str) -> list[Piece]:
    """Return what makes one text into the other, in whole words."""
    return list(_pieces(_WORDS.findall(before), _WORDS.findall(after)))


def compare(mechanism: Mechanism, old: MechanismVersion, new: MechanismVersion) -> list[Compared]:
    """Return what differs between two versions of a mechanism, in the order of the numbers.

    Args:
        mechanism: of both versions.
        old: the earlier version.
        new: the later version.
    """
    first = mechanism.versions.order_by("number").values_list("number", flat=True)[0]
    rows = {row.pk: row for row in mechanism.conditions.select_related("introduced", "ended")}
    before = [row for row in rows.values() if _in_force(row, old.number, first)]
    after = [row for row in rows.values() if _in_force(row, new.number, first)]
    successors = {_origin(row, rows, {one.pk for one in before}): row for row in after}
    found = [_compared(row, successors.pop(row.pk, None)) for row in before]
    found += [_compared(None, row) for row in successors.values()]
    return sorted(
        (one for one in found if one.kind != "same"), key=lambda one: (one.after or one.before or Condition()).sort_key
    )


def _in_force(row: Condition, number: int, first: int) -> bool:
    introduced = row.introduced.number if row.introduced else first
    return introduced <= number and (row.ended is None or row.ended.number > number)


def _origin(row: Condition, rows: dict[int, Condition], earlier: set[int]) -> int:
    """Return the key of the earlier row that this one goes back to, or its own."""
    key: int | None = row.pk
    while key is not None:
        if key in earlier:
            return key
        key = rows[key].supersedes_id
    return row.pk


def _compared(before: Condition | None, after: Condition | None) -> Compared:
    return Compared(
        before,
        after,
        pieces(before.heading if before else "", after.heading if after else ""),
        pieces(before.text if before else "", after.text if after else ""),
    )


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(before[start:end]))
            continue
        if end > start:
            yield Piece("del", "".join(before[start:end]))
        if new_end > new_start:
            yield Piece("ins", "".join(after[new_start:new_end]))
