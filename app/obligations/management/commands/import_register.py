"""manage.py import_register FILE --project CODE"""

from __future__ import annotations

import itertools
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts.models import Organisation
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from registers.importing.reading import NotARegister, Row, read_register
from registers.models import Project
from registers.services import project_create

from obligations.register_import import Import, import_register

RESULTS = {
    "accepted": "accepted",
    "warned": "accepted with a warning",
    "unchanged": "unchanged",
    "updated": "updated",
    "refused": "refused",
}


class Command(BaseCommand):
    help = "Bring a register (CSV) into a project; each row is accepted, or refused with its remedy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the register: CSV in UTF-8")
        parser.add_argument("--project", required=True, metavar="CODE", help="the project's code; a new one is created")
        parser.add_argument("--organisation", metavar="SLUG", help="who a new project belongs to, if there are several")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument("--strict", action="store_true", help="write nothing and fail if any row is refused")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write a CSV with one line for each row")

    def handle(self, *args: Any, file: Path, report: Path | None, **options: Any) -> None:
        rows = read_register(file, today=timezone.localdate())
        try:
            # The first row is read before anything is created: a file that is no register leaves no project behind.
            first = next(rows, None)
            project, created = self._project(options["project"].upper(), options["organisation"], first)
            everything = itertools.chain([first] if first else [], rows)
            totals = import_register(
                project, everything, report=report, dry_run=options["dry_run"], strict=options["strict"]
            )
        except NotARegister as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}: name a report file that can be written") from error
        if created and not totals.written:
            project.delete()
        self._tell(project, totals, created=created, report=report)
        if options["strict"] and totals.refusals:
            raise CommandError("nothing was written, because rows were refused and --strict was given")

    def _project(self, code: str, organisation: str | None, first: Row | None) -> tuple[Project, bool]:
        known = Project.objects.filter(code=code).select_related("organisation").first()
        if known:
            return known, False
        owners = Organisation.objects.all()
        owners = owners.filter(slug=organisation) if organisation else owners
        if owners.count() != 1:
            slugs = ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"there is no project {code}; to create it give --organisation (there are: {slugs})")
        name = (first.values.get("project") if first else "") or code
        try:
            return project_create(organisation=owners.get(), code=code, name=name), True
        except ValidationError as error:
            raise CommandError(f"--project {code}: {' '.join(error.messages)}") from error

    def _tell(self, project: Project, totals: Import, *, created: bool, report: Path | None) -> None:
        say = self.stdout.write
        if created:
            say(f"New project {project.code} “{project.name}” of {project.organisation}.")
        say(f"{totals.rows} rows for {project.code}{'' if totals.written else ', NOTHING WRITTEN'}:")
        for result, words in RESULTS.items():
            if totals.counts[result]:
                say(f"  {totals.counts[result]:>6}  {words}")
        if totals.refusals:
            say("Refused rows are not in the register. Correct them in the file and import it again:")
            for (column, remedy), number in totals.refusals.most_common():
                say(f"  {number:>6}  {column}: {remedy}")
        say(f"Row by row: {report}" if report else "Add --report FILE for a row-by-row report.")
