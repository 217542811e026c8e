"""What templates say often: a state, a date and how far away it is, a field with its hint and error, a changed URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from accounts.roles import allowed
from django import template
from django.forms import BoundField
from django.http import QueryDict
from django.template.context import Context
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from obligations.states import State
from registers.querysets import roles_in

from ui.bundles import SCRIPT, STYLE_SHEET, addresses
from ui.icons import ICONS

register = template.Library()

# Beyond so many days people think in months, and then in years.
MONTHS_AFTER = 60
YEARS_AFTER = 730


@register.simple_tag
def style_sheets() -> SafeString:
    """Link to the site's style sheet."""
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((url,) for url in addresses(STYLE_SHEET)))


@register.simple_tag
def scripts() -> SafeString:
    """Link to the site's script."""
    return format_html_join("\n", '<script defer src="{}"></script>', ((url,) for url in addresses(SCRIPT)))


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; what it means stands in words beside it."""
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', ICONS[name])


@register.simple_tag
def state(value: str, number: int | None = None) -> SafeString:
    """Show a state as word, shape and colour; with a number, how many stand in it."""
    words = State(value).label if number is None else f"{number} {State(value).label.lower()}"
    return format_html('<span class="state state-{}">{}{}</span>', value, icon(value), words)


@register.simple_tag
def share(cells: Sequence[Any]) -> SafeString:
    """Draw numbers by state as one bar; the numbers themselves stand beside it."""
    total = sum(cell.number for cell in cells) or 1
    places = [sum(cell.number for cell in cells[:place]) for place in range(len(cells))]
    parts = format_html_join(
        "",
        '<rect class="state-{}" x="{}" width="{}" height="8"/>',
        (
            (cell.state, round(100 * place / total, 2), round(100 * cell.number / total, 2))
            for cell, place in zip(cells, places, strict=True)
            if cell.number
        ),
    )
    return format_html(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>', parts
    )


@register.filter
def away(day: date, on: date) -> str:
    """Return how far a day lies from another one: 'in 6 days', 'tomorrow', '3 months ago'."""
    days = (day - on).days
    if abs(days) < 2:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    distance = _distance(abs(days))
    return f"in {distance}" if days > 0 else f"{distance} ago"


def _distance(days: int) -> str:
    if days <= MONTHS_AFTER:
        return f"{days} days"
    if days <= YEARS_AFTER:
        return f"{round(days / 30.4375)} months"
    return f"{round(days / 365.25)} years"


@register.inclusion_tag("ui/_field.html")
def field(bound: BoundField, label: str = "", hint: str | None = None, **attrs: Any) -> dict[str, Any]:
    """Show a form field with label, hint and error, tied together for those who cannot see them side by side.

    Args:
        bound: the field.
        label: instead of the field's own label.
        hint: instead of the field's own help text; empty for none.
        attrs: HTML attributes for the control, with underscores for hyphens.
    """
    hint = str(bound.help_text) if hint is None else hint
    described_by = [
        f"{bound.id_for_label}-{part}" for part, shown in (("hint", hint), ("error", bound.errors)) if shown
    ]
    html = {name.replace("_", "-"): value for name, value in attrs.items()}
    # The label says it, and stays when something is typed.
    html["placeholder"] = False
    html["aria-describedby"] = " ".join(described_by) or False
    html["aria-invalid"] = "true" if bound.errors else False
    widget = bound.as_widget(attrs=html)
    if bound.field.show_hidden_initial:
        # Django 4.1 renders what was typed here, so that after an error nothing would count as changed.
        opened_with = bound.form.data.get(bound.html_initial_name, bound.value())
        widget += bound.field.hidden_widget().render(bound.html_initial_name, opened_with)
    tick = getattr(bound.field.widget, "input_type", "") == "checkbox"
    return {"field": bound, "label": label or bound.label, "hint": hint, "widget": widget, "tick": tick}


@register.simple_tag(takes_context=True)
def compiled(context: Context, name: str, **more: object) -> SafeString:
    """Include a compiled template; see `ui.compiled`."""
    known: dict[str, Any] = {**cast("dict[str, Any]", context.flatten()), **more}
    return mark_safe(get_template(name, using="jinja2").render(known))  # noqa: S308 - the template escapes


@register.simple_tag(takes_context=True)
def may(context: Context, codename: str) -> bool:
    """Return whether the page's reader holds a permission in the page's project; asking twice costs no query."""
    project = context["project"]
    if project.reader_roles is None:
        project.reader_roles = frozenset(roles_in(context["request"].user, project))
    return allowed(codename, set(project.reader_roles))


@register.simple_tag(takes_context=True)
def with_query(context: Context, **changes: object) -> str:
    """Return the page's query string with some parameters set, or removed when their value is empty."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return "?" + query.urlencode()
