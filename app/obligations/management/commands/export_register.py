"""manage.py export_register --project CODE [--format csv|xlsx] FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from config.commands import DataCommand
from django.core.management.base import CommandError
from registers.models import Project

from obligations.exporting import MEDIA_TYPES, write_csv, xlsx


class Command(DataCommand):
    help = "Write a project's register to a file that can be imported again and changes nothing then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where it is written; its ending tells the format")
        parser.add_argument("--project", required=True, metavar="CODE", help="the project's code")
        parser.add_argument("--format", choices=sorted(MEDIA_TYPES), help="if the file's name does not tell")

    def handle(self, *args: Any, file: Path, project: str, **options: Any) -> None:
        form = options["format"] or file.suffix.lower().removeprefix(".")
        if form not in MEDIA_TYPES:
            raise CommandError(f"{file}: its name ends neither in .csv nor in .xlsx: add --format")
        found = Project.objects.filter(code=project.upper()).first()
        if found is None:
            codes = ", ".join(Project.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"there is no project {project.upper()} (there are: {codes})")
        obligations = found.obligations.in_order("number")
        # Beside it first: a disk that fills up leaves the file of yesterday as it was.
        draft = file.with_name(f".{file.name}.part")
        try:
            with draft.open("wb") as content:
                if form == "csv":
                    content.writelines(write_csv(obligations))
                else:
                    with xlsx(obligations) as workbook:
                        copyfileobj(workbook, content)
            draft.replace(file)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}: name a file that can be written") from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(f"{obligations.count()} obligations of {found.code} in {file}.")
