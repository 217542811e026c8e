"""A report on a page: its blocks, section by section."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from reports.statutory.document import Block

register = template.Library()


@register.filter
def sections(blocks: Iterable[Block]) -> list[list[Block]]:
    """Part blocks before each heading of the first level."""
    found: list[list[Block]] = []
    for block in blocks:
        if not found or (block.kind == "heading" and block.level == 1):
            found.append([])
        found[-1].append(block)
    return found


@register.inclusion_tag("reports/statutory/_facts.html")
def facts(rows: Any) -> dict[str, Any]:
    """Show labels with their values."""
    return {"rows": rows}


@register.inclusion_tag("reports/statutory/_table.html")
def block_table(block: Block, label: str) -> dict[str, Any]:
    """Show a table under the name of its section."""
    return {"block": block, "label": label}
