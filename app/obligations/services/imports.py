"""What people decide about an import. The work itself is done by a process that each decision starts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from accounts.models import User
from audit.services import Entry, changing, record
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from files.services import clean_name, store
from registers.importing.columns import COLUMNS
from registers.models import Project
from registers.querysets import can

from obligations.importing import worker
from obligations.importing.undoing import stoppers
from obligations.models import ColumnMapping, ImportBatch

State = ImportBatch.State
# Rows that keep an import from being undone, of which that many are named.
SHOWN = 10
NEEDED = [column for column in COLUMNS if column.needed]


def import_upload(*, actor: User, project: Project, upload: File[bytes]) -> ImportBatch:
    """Keep a file to import, and have its columns looked at.

    Args:
        actor: who imports; needs `import.run` in the project.
        project: where the rows will belong.
        upload: CSV or XLSX, under the name that it was uploaded with.

    Raises:
        PermissionDenied: the actor may not import here.
        ValidationError: the file is too large, or of a kind that is not taken.
    """
    _require(actor, project)
    name = clean_name(upload.name or "")
    if not name.lower().endswith((".csv", ".txt", ".xlsx")):
        raise ValidationError(f"{name} is no CSV or XLSX file by its name: export the register as one of them.")
    file = store(organisation=project.organisation, upload=upload, actor=actor)
    with transaction.atomic():
        batch = ImportBatch.objects.create(project=project, file=file, file_name=name, uploaded_by=actor)
        transaction.on_commit(lambda: worker.start(batch))
    return batch


def import_check(*, actor: User, batch: ImportBatch, columns: Mapping[str, str]) -> None:
    """Remember which column is which field, for the next file with this header too, and have the rows checked.

    Raises:
        ValidationError: a needed column is missing, two are the same, or it is too late for that.
    """
    chosen = [field for field in columns.values() if field]
    missing = [column.names[0].replace("_", " ") for column in NEEDED if column.field not in chosen]
    if missing:
        raise ValidationError(f"Choose the column of the {' and of the '.join(missing)}: every row needs it.")
    if len(set(chosen)) < len(chosen):
        twice = next(field for field in chosen if chosen.count(field) > 1)
        names = " and ".join(f"“{name}”" for name, field in columns.items() if field == twice)
        raise ValidationError(f"{names} cannot both be the same field: keep one of them as an extra field.")
    _step(actor, batch, {State.UPLOADED, State.CHECKED, State.FAILED}, State.CHECKING, columns=dict(columns))
    ColumnMapping.objects.update_or_create(
        organisation=batch.project.organisation, header=batch.header, defaults={"columns": dict(columns)}
    )


def import_sheet(*, actor: User, batch: ImportBatch, sheet: str) -> None:
    """Take another sheet of the workbook, whose columns are looked at anew."""
    if sheet not in batch.sheets:
        raise ValidationError("Choose one of the workbook's sheets.")
    _step(actor, batch, {State.UPLOADED, State.CHECKED, State.FAILED}, State.UPLOADED, sheet=sheet, columns={})


def import_accept(*, actor: User, batch: ImportBatch) -> None:
    """Have the checked rows brought into the register.

    Raises:
        ValidationError: it is not checked, the register has changed since, or there is nothing to bring in.
    """
    if batch.problem:
        raise ValidationError("The register has changed since the check: check the file again.")
    _step(actor, batch, {State.CHECKED}, State.ACCEPTING, accepted_by=actor)


def import_undo(*, actor: User, batch: ImportBatch) -> None:
    """Have an accepted import taken back, or an acceptance that stopped on its way.

    Raises:
        ValidationError: somebody has worked on what it brought, or it is not accepted.
    """
    if batch.state == State.ACCEPTING and worker.is_at_work(batch):
        raise ValidationError("It is being accepted at this moment: wait for its end.")
    if found := list(islice(stoppers(batch), SHOWN)):
        raise ValidationError([f"{one.number} (line {one.line}) cannot be taken back: {one.why}." for one in found])
    _step(actor, batch, {State.ACCEPTED, State.ACCEPTING}, State.UNDOING, undone_by=actor, undone_at=timezone.now())


def import_discard(*, actor: User, batch: ImportBatch) -> None:
    """Put away an import that was not accepted; what it would have changed is forgotten."""
    _step(actor, batch, {State.UPLOADED, State.CHECKED, State.FAILED}, State.DISCARDED, starts=False)
    batch.rows.all().delete()


def import_resume(*, actor: User, batch: ImportBatch) -> None:
    """Go on with a step whose process was killed."""
    _require(actor, batch.project)
    if batch.state in worker.RUNNING or (batch.state == State.UPLOADED and not batch.columns):
        worker.start(batch)


def _step(
    actor: User, batch: ImportBatch, allowed: set[State], state: State, *, starts: bool = True, **values: object
) -> None:
    """Store the next state, unless somebody else has decided meanwhile; then start the process that does its work."""
    _require(actor, batch.project)
    with changing(batch.project.organisation):
        stored = ImportBatch.objects.filter(pk=batch.pk, state__in=allowed)
        if not stored.update(state=state, progress=0, problem="", **values):
            raise ValidationError("Somebody has decided about this import meanwhile: look at where it stands now.")
        if state not in {State.CHECKING, State.UPLOADED}:
            action = {State.ACCEPTING: "start", State.UNDOING: "undo_start", State.DISCARDED: "discard"}[state]
            record(batch.project.organisation, actor, Entry(f"import.{action}", batch, batch.project_id))
        if starts:
            transaction.on_commit(lambda: worker.start(batch))


def _require(actor: User, project: Project) -> None:
    if not can(actor, "import.run", project):
        raise PermissionDenied
