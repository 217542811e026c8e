"""A process that writes through the services is killed at random points; what it acknowledged must stand.

The writer says a comment's number when the service has returned, as a server answers when it has committed. After each
kill the database is opened anew and read: whole, the audit trail unbroken, each acknowledged number there once, and of
the unacknowledged one either all (comment and event) or nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from accounts.models import Organisation, User
    from obligations.models import Obligation

SEED = 20261123
# A kill falls within this many seconds after an acknowledgement: a few times what one write takes.
WITHIN = 0.02


def main(kills: int) -> None:
    """Kill a writer so often; print what was acknowledged, lost, doubled, and found broken."""
    django.setup()
    from accounts.models import Organisation  # noqa: PLC0415 - models exist after setup
    from django.core.management import call_command  # noqa: PLC0415  after setup
    from django.db import connection  # noqa: PLC0415  after setup
    from registers.models import Project  # noqa: PLC0415  after setup

    from bench.generating import owner, register  # noqa: PLC0415  after setup

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, code="BENCH", name="Bench")
    register(project, 20, 2)
    owner(organisation)
    actor, obligation = organisation.memberships.get().user, project.obligations.all()[0]
    chance = random.Random(SEED)  # noqa: S311 - chooses moments, not secrets
    acknowledged: set[int] = set()
    found = Counter(lost=0, doubled=0, broken=0, unacknowledged=0)
    following, slowest = 0, 0.0
    for _ in range(kills):
        # A connection must not be shared with the process that is forked.
        connection.close()
        acknowledged |= _killed(actor, obligation, following, chance)
        began = time.monotonic()
        written = _written(obligation)
        slowest = max(slowest, time.monotonic() - began)
        found["lost"] += len(acknowledged - written.keys())
        found["doubled"] += sum(times > 1 for times in written.values())
        found["broken"] += not _whole(organisation, sum(written.values()))
        found["unacknowledged"] = len(written.keys() - acknowledged)
        following = max(written, default=-1) + 1
    print(json.dumps({"kills": kills, "acknowledged": len(acknowledged), **found, "slowest": round(slowest, 3)}))


def _killed(actor: User, obligation: Obligation, following: int, chance: random.Random) -> set[int]:
    """Let a process write numbered comments, kill it at a random point; return the numbers that it acknowledged."""
    from obligations.services.comments import comment_add  # noqa: PLC0415  after setup

    reading, writing = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(reading)
        while True:
            comment_add(actor=actor, obligation=obligation, text=str(following))
            os.write(writing, f"{following}\n".encode())
            following += 1
    os.close(writing)
    with os.fdopen(reading) as said:
        numbers = [int(said.readline()) for _ in range(chance.randrange(5))]
        time.sleep(chance.uniform(0, WITHIN))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        return {*numbers, *map(int, said)}


def _written(obligation: Obligation) -> Counter[int]:
    """Return how often each number stands in the database."""
    from obligations.models import Comment  # noqa: PLC0415  after setup

    return Counter(map(int, Comment.objects.filter(obligation=obligation).values_list("text", flat=True)))


def _whole(organisation: Organisation, comments: int) -> bool:
    """Whether the file is sound, the trail unbroken, and each comment has its one event."""
    from audit.models import AuditEvent  # noqa: PLC0415  after setup
    from audit.verification import verify  # noqa: PLC0415  after setup
    from django.db import connection  # noqa: PLC0415  after setup

    with connection.cursor() as cursor:
        sound = cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sound = sound and not cursor.execute("PRAGMA foreign_key_check").fetchall()
    return (
        sound and not verify(organisation).fault and AuditEvent.objects.filter(action="comment.add").count() == comments
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
