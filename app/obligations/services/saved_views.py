"""Keeping the filters of a register under a name."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from audit.services import Entry, differences, record
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from registers.models import Project
from registers.querysets import can

from obligations.models import SavedView

FIELDS = ("name", "query", "is_shared")


def saved_view_add(*, actor: User, project: Project, name: str, query: str, is_shared: bool = False) -> SavedView:
    """Keep filters under a name, for the person alone or for everybody in the project.

    Args:
        actor: whose view it is; needs `register.view`, and `view.share` to share it.
        project: whose register it shows.
        name: unlike that of the person's other views, and if shared unlike those of all shared ones.
        query: the register's address from behind its question mark.
        is_shared: whether others in the project see it.

    Raises:
        PermissionDenied: the actor may not do that here.
        ValidationError: the name is taken or something is too long; nothing was written.
    """
    view = SavedView(project=project, owner=actor)
    return _store(actor, view, {"name": name, "query": query, "is_shared": is_shared}, "view.add")


def saved_view_change(*, actor: User, view: SavedView, name: str, is_shared: bool) -> SavedView:
    """Rename a view of the person's own, share it or keep it for oneself; errors are those of `saved_view_add`."""
    _require_owner(actor, view)
    return _store(actor, view, {"name": name, "is_shared": is_shared}, "view.change")


def saved_view_delete(*, actor: User, view: SavedView) -> dict[str, Any]:
    """Delete a view; return the arguments with which `saved_view_add` brings it back.

    Raises:
        PermissionDenied: it is somebody else's, and not shared by who may share.
    """
    _require_owner(actor, view)
    kept = {name: getattr(view, name) for name in FIELDS}
    with transaction.atomic():
        entry = Entry("view.delete", view, view.project_id, changes={name: (kept[name], None) for name in FIELDS})
        record(view.project.organisation, actor, entry)
        view.delete()
    return kept


def _store(actor: User, view: SavedView, values: dict[str, Any], action: str) -> SavedView:
    if not can(actor, "register.view", view.project):
        raise PermissionDenied
    shares = values["is_shared"] and not view.is_shared
    if shares and not can(actor, "view.share", view.project):
        raise PermissionDenied
    with transaction.atomic():
        before = SavedView(project=view.project) if view.pk is None else SavedView.objects.get(pk=view.pk)
        for name, value in values.items():
            setattr(view, name, value)
        view.name = view.name.strip()
        _refuse_taken(view)
        view.full_clean(validate_constraints=False)
        view.save()
        entry = Entry(action, view, view.project_id, changes=differences(before, view, FIELDS))
        record(view.project.organisation, actor, entry)
    return view


def _refuse_taken(view: SavedView) -> None:
    others = SavedView.objects.filter(project=view.project_id, name=view.name).exclude(pk=view.pk)
    if others.filter(owner=view.owner_id).exists():
        raise ValidationError({"name": f"You have a view called {view.name} already: choose another name."})
    if view.is_shared and others.filter(is_shared=True).exists():
        raise ValidationError({"name": f"A shared view is called {view.name} already: choose another name."})


def _require_owner(actor: User, view: SavedView) -> None:
    """Let those through whose view it is, and who may share views when it is a shared one."""
    if view.owner_id != actor.pk and not (view.is_shared and can(actor, "view.share", view.project)):
        raise PermissionDenied
