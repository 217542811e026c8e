"""Four processes that write one register at once: how many writes were refused, and how many were lost."""

from __future__ import annotations

import json
import subprocess
import sys

import django

WRITERS, ROUNDS = 4, 100
WRITER = """
import sys, django
django.setup()
from accounts.models import User
from django.db import OperationalError
from obligations.models import Obligation
from obligations.services.obligations import StaleObligation, obligation_update
actor, refused = User.objects.get(), 0
for number in range(int(sys.argv[2])):
    while True:
        current = Obligation.objects.get(pk=sys.argv[1])
        text = f"{current.general_comments}x"
        try:
            obligation_update(
                actor=actor, obligation=current, changes={"general_comments": text}, expected_version=current.version
            )
        except StaleObligation:
            continue
        except OperationalError:
            refused += 1
            continue
        break
print(refused)
"""


def main() -> None:
    django.setup()
    from accounts.models import Organisation  # noqa: PLC0415 - models exist after setup
    from django.core.management import call_command  # noqa: PLC0415  after setup
    from obligations.models import Obligation  # noqa: PLC0415  after setup
    from registers.models import Project  # noqa: PLC0415  after setup

    from bench.generating import owner, register  # noqa: PLC0415  after setup

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, code="BENCH", name="Bench")
    register(project, 20, 2)
    owner(organisation)
    obligation = project.obligations.all()[0]
    command = [sys.executable, "-c", WRITER, str(obligation.pk), str(ROUNDS)]
    writers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words
        for _ in range(WRITERS)
    ]
    refused = sum(int(writer.communicate()[0]) for writer in writers)
    lost = WRITERS * ROUNDS - len(Obligation.objects.get(pk=obligation.pk).general_comments)
    print(json.dumps({"failed": refused + lost}))


if __name__ == "__main__":
    main()
