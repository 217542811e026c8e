"""Changes of mechanisms that move no due date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from files.models import StoredFile

from registers.models import Mechanism, MechanismVersion, Project
from registers.services.changing import as_added, note, require

FIELDS = (
    "kind",
    "short",
    "reference",
    "title",
    "holder",
    "regulator",
    "status",
    "issued",
    "effective",
    "expires",
    "lapses",
    "anniversary_month",
    "anniversary_day",
    "period_month",
    "period_day",
    "roll_policy",
    "day_count",
    "parent",
    "description",
)
AS_ISSUED = "As issued"


def mechanism_add(*, actor: User, project: Project, values: Mapping[str, Any]) -> Mechanism:
    """Add a mechanism to a project.

    Args:
        actor: who adds it; needs `mechanism.add` in the project.
        project: where.
        values: of FIELDS.

    Raises:
        PermissionDenied: the actor may not add mechanisms here.
        ValidationError: a value is not allowed, or the project has a mechanism of that reference.
    """
    require(actor, "mechanism.add", project)
    mechanism = Mechanism(project=project, **values)
    check_mechanism(mechanism)
    with changing(project.organisation):
        mechanism.full_clean()
        mechanism.save()
        note(actor, project, "mechanism.add", mechanism, changes=as_added(mechanism, FIELDS))
    return mechanism


def check_mechanism(mechanism: Mechanism) -> None:
    """See that a mechanism's values go together.

    Raises:
        ValidationError: the reference is taken, a date is before one that it follows, half of a day is missing, or it
            stands under itself.
    """
    wrong: dict[str, str] = {}
    others = Mechanism.objects.filter(project=mechanism.project, reference=mechanism.reference).exclude(pk=mechanism.pk)
    if others.exists():
        wrong["reference"] = f"This project has a mechanism {mechanism.reference} already."
    if mechanism.issued and mechanism.expires and mechanism.expires < mechanism.issued:
        wrong["expires"] = f"It expires before it is issued on {mechanism.issued:%-d %B %Y}: correct one of the two."
    for name, words in (("anniversary", "the anniversary"), ("period", "the start of the reporting period")):
        month, day = getattr(mechanism, f"{name}_month"), getattr(mechanism, f"{name}_day")
        if (month is None) != (day is None):
            missing = f"{name}_day" if day is None else f"{name}_month"
            wrong[missing] = f"Give both the month and the day of {words}, or neither."
    if mechanism.parent:
        wrong |= _astray(mechanism, mechanism.parent)
    if wrong:
        raise ValidationError(wrong)


def document_attach(*, actor: User, mechanism: Mechanism, file: StoredFile, name: str) -> MechanismVersion:
    """Keep the document of the mechanism's newest version.

    Args:
        actor: who attaches it; needs `mechanism.change`.
        mechanism: whose document.
        file: as `files.services.store` returned it.
        name: the file's name as it was uploaded.

    Raises:
        PermissionDenied: the actor may not change mechanisms here.
        ValidationError: nobody has said when the mechanism was issued.
    """
    require(actor, "mechanism.change", mechanism.project)
    with changing(mechanism.project.organisation):
        version = mechanism.versions.first() or first_version(actor, mechanism)
        before = version.document_name
        version.document, version.document_name = file, name
        version.save(update_fields=["document", "document_name"])
        changes = {"document": (before, name), "sha256": ("", file.sha256)}
        note(actor, mechanism.project, "mechanism.document", mechanism, changes=changes)
    return version


def first_version(actor: User, mechanism: Mechanism) -> MechanismVersion:
    """Return the mechanism as it was issued: its first version, which later ones are compared with.

    Raises:
        ValidationError: nobody has said when that was.
    """
    issued = mechanism.issued or mechanism.effective
    if issued is None:
        raise ValidationError(f"Record first when {mechanism} was issued: its first version dates from that day.")
    return MechanismVersion.objects.create(
        mechanism=mechanism, number=1, label=AS_ISSUED, effective_on=issued, published_by=actor
    )


def _astray(mechanism: Mechanism, parent: Mechanism) -> dict[str, str]:
    if parent.project_id != mechanism.project_id:
        return {"parent": f"{parent} belongs to another project: choose a mechanism of this project."}
    above: Mechanism | None = parent
    while above is not None:
        if mechanism.pk is not None and above.pk == mechanism.pk:
            return {"parent": f"{parent} stands under {mechanism} itself: choose another mechanism."}
        above = above.parent
    return {}
