"""manage.py verify_audit_trail"""

from __future__ import annotations

import re
from argparse import ArgumentParser, FileType
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TextIO

from accounts.models import Organisation
from config.commands import DataCommand
from django.core.management.base import CommandError
from django.db import connection

from audit import triggers
from audit.verification import verify

HEAD = re.compile(r"(?P<slug>[-\w]+) (?P<sequence>[0-9]{1,18}) (?P<hash>[0-9a-f]{64})")


class Command(DataCommand):
    help = (
        "Prove that the audit trail is whole, or name its first broken link and fail. Prints each organisation's last "
        "event and its hash: keep that output somewhere else, and give it back one day as --expect FILE. It tells "
        "whether what stood then still stands, which nothing inside the database can."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", metavar="SLUG", help="only this organisation's trail")
        parser.add_argument(
            "--expect",
            metavar="FILE",
            type=FileType(encoding="utf-8"),
            help="output of this command from earlier; - for standard input",
        )

    def handle(self, *args: Any, organisation: str | None, expect: TextIO | None, **options: Any) -> None:
        noted = _noted(expect) if expect else {}
        organisations = Organisation.objects.order_by("slug")
        if organisation:
            organisations = organisations.filter(slug=organisation)
            noted = {slug: heads for slug, heads in noted.items() if slug == organisation}
            if not organisations:
                raise CommandError(f"there is no organisation {organisation!r}: give its slug, or leave --organisation")
        faults = []
        for owner in organisations:
            verdict = verify(owner, noted.pop(owner.slug, None))
            if verdict.fault:
                faults.append(f"{owner.slug}: {verdict.fault}")
            elif verdict.sequence:
                self.stdout.write(f"{owner.slug} {verdict.sequence} {verdict.hash}")
        faults += [f"{slug}: this organisation was noted, and is gone" for slug in noted]
        if not triggers.stand(connection):
            faults.append("the database does not protect the trail: triggers of audit/triggers.py are missing or off")
        if faults:
            raise CommandError("\n".join(["the audit trail is broken", *faults]))


def _noted(lines: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return hashes by sequence number by organisation, from lines that this command printed."""
    noted: dict[str, dict[int, str]] = defaultdict(dict)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        head = HEAD.fullmatch(line.strip())
        if head is None:
            raise CommandError(f"--expect, line {number} is not a line that verify_audit_trail printed: {line.strip()}")
        noted[head["slug"]][int(head["sequence"])] = head["hash"]
    return noted
