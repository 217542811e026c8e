"""manage.py import_register FILE --project CODE"""

from __future__ import annotations

import itertools
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from accounts.models import Organisation
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone
from registers.importing.reading import NotARegister, Row, read_register
from registers.models import Project
from registers.services import project_create
from registers.sorting import natural_key

from obligations.import_report import Report, summary
from obligations.register_import import Outcome, import_register


class Command(BaseCommand):
    help = "Bring a register (CSV) into a project. Every row is accepted, or refused together with its remedy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the register: CSV in UTF-8")
        parser.add_argument("--project", required=True, metavar="CODE", help="the project's code; a new one is created")
        parser.add_argument("--organisation", metavar="SLUG", help="whose project it is, if there are several")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument("--strict", action="store_true", help="write nothing and fail if any row is refused")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found in each row as CSV")

    def handle(self, *args: Any, file: Path, report: Path | None, **options: Any) -> None:
        code, strict = options["project"].upper(), options["strict"]
        try:
            # All or nothing: a file that turns out to be broken leaves no project behind either.
            with transaction.atomic(), _written(report, file) as tell:
                known = _project(code, options["organisation"])
                rows = read_register(file, today=timezone.localdate(), issued=_issued(known))
                first = next(rows)
                project = known or _create(code, options["organisation"], first)
                everything = itertools.chain([first], rows)
                totals = import_register(project, everything, tell=tell, dry_run=options["dry_run"], strict=strict)
                transaction.set_rollback(not totals.written)
        except NotARegister as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"the database refused ({error}): if it is new, run manage.py migrate first") from error
        if not known:
            self.stdout.write(f"New project {code} “{project.name}” of {project.organisation}.")
        self.stdout.write(f"{totals.rows} rows for {code}{'' if totals.written else ', NOTHING WRITTEN'}:")
        self.stdout.write("\n".join(summary(totals)))
        self.stdout.write(f"Row by row: {report}" if report else "Row by row: add --report FILE.")
        if strict and totals.refusals:
            raise CommandError("nothing was written: rows were refused, and --strict was given")


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


def _issued(project: Project | None) -> dict[str, date]:
    """Return the issue date of each mechanism that has one, under the key that tells mechanisms apart."""
    if project is None:
        return {}
    return {natural_key(m.reference): m.issued for m in project.mechanisms.all() if m.issued}


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
