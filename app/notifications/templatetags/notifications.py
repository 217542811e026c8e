"""The number of what is overdue, for the title of a project's pages."""

from __future__ import annotations

from django import template
from django.template.context import Context
from obligations.counting import counted, stamp_of
from obligations.models import Obligation
from registers.models import Project

register = template.Library()


@register.simple_tag(takes_context=True)
def overdue_before_title(context: Context) -> str:
    """Return `(3) ` when three obligations of the page's project are overdue, so that a tab in the background says so.

    Costs one query while nothing changes, and none where the page has asked for the register's `stamp` itself.
    """
    project = context.get("project")
    # That something is wrong with what was entered is said before everything else.
    sent_back = any(getattr(context.get(name), "errors", None) for name in ("form", "failed"))
    if sent_back or not isinstance(project, Project):
        return ""
    today = project.today
    rows = Obligation.objects.filter(project=project)
    stamp = context.get("stamp") or stamp_of(project)
    number = counted("overdue", stamp=stamp, on=today, count=lambda: rows.overdue(today).count())
    return f"({number}) " if number else ""
