"""The kinds of report: their parts, columns and status terms are data, one TOML file each beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Layout:
    """One kind of report.

    Args:
        key: its file's name, which stored reports know it by.
        name: such as `Compliance Assessment Report`.
        short: such as `CAR`.
        use: what it is for.
        follows: whose layout it follows; it claims to comply with nobody's.
        check: what whoever prepares it should compare before it is lodged; it does not stand in the documents.
        mechanisms: the kinds of mechanism that it is for; empty for all.
        only_findings: whether it has only the obligations with which something was wrong.
        numbered: whether its parts are numbered from 1; otherwise their titles say what they have to.
        status: what is computed -> this report's own term for it: `code`, `label`, `means`.
        parts: in order.
    """

    key: str
    name: str
    short: str
    use: str
    follows: str
    check: str
    mechanisms: tuple[str, ...]
    only_findings: bool
    numbered: bool
    status: Mapping[str, Mapping[str, str]]
    parts: tuple[Mapping[str, Any], ...]

    @property
    def narratives(self) -> dict[str, Mapping[str, Any]]:
        """The parts that people write, by their keys."""
        return {part["key"]: part for part in self.parts if part["kind"] == "text"}

    @property
    def codes(self) -> dict[str, str]:
        """The status terms, each once: code -> label."""
        return {term["code"]: term["label"] for term in self.status.values()}

    def suits(self, kind: str) -> bool:
        """Return whether the report is made for mechanisms of that kind."""
        return not self.mechanisms or kind in self.mechanisms


@cache
def layouts() -> dict[str, Layout]:
    """Return all kinds of report by their keys, those for one kind of mechanism first."""
    read = [_read(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {layout.key: layout for layout in sorted(read, key=lambda layout: (not layout.mechanisms, layout.key))}


def _read(path: Path) -> Layout:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Layout(
        key=path.stem,
        name=told["name"],
        short=told["short"],
        use=told["use"],
        follows=told["follows"],
        check=told["check"],
        mechanisms=tuple(told["mechanisms"]),
        only_findings=told.get("only_findings", False),
        numbered=told.get("numbered", True),
        status=told["status"],
        parts=tuple(told["part"]),
    )
