"""What an event says, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template

from audit.models import in_words

register = template.Library()

# What a page shows of a long text; the export has it whole.
SHOWN = 280


@register.inclusion_tag("audit/_changes.html")
def changes(event: Any) -> dict[str, Any]:
    """Show what an event changed, field by field, before and after."""
    return {
        "changes": [
            (in_words(name), readable(before), readable(after)) for name, (before, after) in event.changes.items()
        ]
    }


def readable(value: Any) -> str:
    """Return a stored value as people read it; empty for what is empty."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return _short(", ".join(readable(part) for part in value))
    if isinstance(value, dict):
        return _short(", ".join(f"{name}: {readable(part)}" for name, part in value.items()))
    try:
        return f"{date.fromisoformat(str(value)):%-d %b %Y}"
    except ValueError:
        return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
