"""manage.py import_register FILE --project CODE"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from accounts.models import Organisation
from audit.management.recording import RecordingCommand
from audit.models import Channel
from audit.origin import changes_from
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone
from registers.importing.cells import NotARegister
from registers.importing.reading import Register
from registers.importing.rows import Row
from registers.models import Project
from registers.services import project_create

from obligations.importing import steps
from obligations.importing.report import Report, summary
from obligations.importing.results import Outcome
from obligations.models import ImportBatch


class Command(RecordingCommand):
    help = "Bring a register (CSV or XLSX) into a project. Every row is accepted, or refused together with its remedy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the register: CSV in UTF-8, or an XLSX workbook")
        parser.add_argument("--project", required=True, metavar="CODE", help="the project's code; a new one is created")
        parser.add_argument("--organisation", metavar="SLUG", help="whose project it is, if there are several")
        parser.add_argument("--sheet", default="", help="which sheet of a workbook; the likeliest one if not given")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument("--strict", action="store_true", help="write nothing and fail if any row is refused")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found in each row as CSV")

    def handle(self, *args: Any, file: Path, report: Path | None, **options: Any) -> None:
        steps.settle_down()
        code, strict = options["project"].upper(), options["strict"]
        try:
            with _opened(file) as content, _written(report, file) as tell, changes_from(Channel.IMPORT):
                known = _project(code, options["organisation"])
                register = Register(content, options["sheet"])
                first = next(register.rows(today=timezone.localdate(), issued={}))
                project = known or _create(code, options["organisation"], first)
                batch = ImportBatch(project=project, file_name=file.name[:255], sheet=register.sheet)
                with _kept(batch, new=known is None) as keep:
                    steps.look(batch, content, boldly=False)
                    totals = steps.check(batch, content, None, tell=tell)
                    written = not (options["dry_run"] or (strict and totals.refusals))
                    if written:
                        self._accept(batch)
                        keep()
        except NotARegister as error:
            raise CommandError(f"{file}: {error}") from error
        except DatabaseError as error:
            raise CommandError(f"the database refused ({error}): if it is new, run manage.py migrate first") from error
        if not known:
            self.stdout.write(f"New project {code} “{project.name}” of {project.organisation}.")
        self.stdout.write(f"{totals.rows} rows for {code}{'' if written else ', NOTHING WRITTEN'}:")
        self.stdout.write("\n".join(summary(totals)))
        self.stdout.write(f"Row by row: {report}" if report else "Row by row: add --report FILE.")
        if strict and totals.refusals:
            raise CommandError("nothing was written: rows were refused, and --strict was given")

    def _accept(self, batch: ImportBatch) -> None:
        batch.state, batch.progress = ImportBatch.State.ACCEPTING, 0
        batch.save(update_fields=["state", "progress"])
        try:
            accepted = steps.accept(batch, None)
        except BaseException:
            # What is in already goes out again. After a kill, which leaves no time for it, `import_batch` goes on.
            steps.put_back(batch, None)
            raise
        if not accepted:
            raise CommandError(batch.problem)


@contextmanager
def _kept(batch: ImportBatch, *, new: bool) -> Iterator[Callable[[], None]]:
    """Store the batch, and leave nothing of it behind unless what is given is called.

    Args:
        batch: not stored yet.
        new: whether its project was made for it.
    """
    batch.state = ImportBatch.State.CHECKING
    batch.save()
    kept: list[bool] = []
    try:
        yield lambda: kept.append(True)
    finally:
        if not kept:
            batch.delete()
            if new:
                batch.project.delete()


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        content = file.open("rb")
    except OSError as error:
        raise NotARegister(f"{error.strerror}: give the path of a CSV or XLSX file") from error
    with content:
        yield content


def _project(code: str, organisation: str | None) -> Project | None:
    project = Project.objects.filter(code=code).select_related("organisation").first()
    if project and organisation not in {None, project.organisation.slug}:
        raise CommandError(f"--project {code} belongs to another organisation: choose another code")
    return project


def _create(code: str, organisation: str | None, first: Row) -> Project:
    owners = list(Organisation.objects.filter(slug=organisation) if organisation else Organisation.objects.all()[:2])
    if len(owners) != 1:
        slugs = ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none yet, run create_admin first"
        raise CommandError(f"there is no project {code}; to create it give --organisation SLUG (there are: {slugs})")
    try:
        return project_create(organisation=owners[0], code=code, name=first.values.get("project") or code)
    except ValidationError as error:
        raise CommandError(f"--project {code}: {' '.join(error.messages)}") from error


@contextmanager
def _written(report: Path | None, source: Path) -> Iterator[Callable[[Outcome], None]]:
    """Give what notes an outcome: in the report file, if there is to be one."""
    if report is None:
        yield lambda outcome: None
        return
    if report.exists() and source.exists() and report.samefile(source):
        raise CommandError(f"{report} is the register itself: name another file for the report")
    try:
        file = report.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CommandError(f"{report}: {error.strerror}: name a file that can be written") from error
    with file:
        yield Report(file).add
