"""What a list, a search, the dashboard, an obligation's page and a save cost in CPU seconds and queries.

Usage: python -m bench.pages one|many OBLIGATIONS OCCURRENCES_EACH
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

WARM, ROUNDS = 3, 15
SMALL = 280


def main(shape: str, number: int, each: int) -> None:
    django.setup()
    from accounts.models import Organisation  # noqa: PLC0415 - models exist after setup
    from django.conf import settings  # noqa: PLC0415  after setup
    from django.core.cache import caches  # noqa: PLC0415  after setup
    from django.core.management import call_command  # noqa: PLC0415  after setup
    from django.db import connection  # noqa: PLC0415  after setup
    from django.test import Client  # noqa: PLC0415  after setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  after setup
    from obligations.models import Obligation, Occurrence  # noqa: PLC0415  after setup
    from obligations.services.obligations import obligation_update  # noqa: PLC0415  after setup
    from obligations.services.occurrences import occurrence_snooze  # noqa: PLC0415  after setup
    from registers.models import Project  # noqa: PLC0415  after setup

    from bench.generating import owner, register  # noqa: PLC0415  after setup

    settings.STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    sizes = [number] if shape == "one" else [SMALL] * max(1, number // SMALL)
    for index, size in enumerate(sizes):
        project = Project.objects.create(organisation=organisation, code=f"P{index}", name=f"Project {index}")
        register(project, size, each, seed=index)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    user, project = owner(organisation), Project.objects.get(code=f"P{len(sizes) // 2}")
    browser = Client()
    browser.force_login(user)
    middle = Obligation.objects.filter(project=project).order_by("pk")[project.obligations.count() // 2]
    base = f"/projects/{project.code}"

    def get(path: str) -> Callable[[], object]:
        def ask() -> object:
            # Made anew each time: what a kept page costs does not depend on the register.
            caches["pages"].clear()
            response = browser.get(base + path)
            assert response.status_code == 200, (path, response.status_code)  # noqa: S101 - else nothing is measured
            return response

        return ask

    def save() -> None:
        current = Obligation.objects.get(pk=middle.pk)
        text = f"Saved at {time.monotonic_ns()}"
        obligation_update(
            actor=user, obligation=current, changes={"general_comments": text}, expected_version=current.version
        )

    def act() -> None:
        one = Occurrence.objects.filter(obligation=middle).order_by("-sequence")[0]
        target = one.due_date if one.target_date is None else None
        occurrence_snooze(actor=user, occurrence=one, target_date=target, expected_version=one.version)

    todo: dict[str, Callable[[], object]] = {
        "list": get("/register/"),
        "search": get("/register/?q=groundwater+survey"),
        "dashboard": get("/"),
        "obligation page": get(f"/obligations/{middle.pk}/"),
        "save": save,
        "act on an occurrence": act,
    }
    cpu: dict[str, float] = {}
    queries: dict[str, int] = {}
    for name, act_now in todo.items():
        with CaptureQueriesContext(connection) as asked:
            act_now()
        del asked
        with CaptureQueriesContext(connection) as asked:
            act_now()
        queries[name] = len(asked)
        cpu[name] = _median(act_now)
    print(json.dumps({"cpu": cpu, "queries": queries}))


def _median(act: Callable[[], Any]) -> float:
    taken = []
    for number in range(WARM + ROUNDS):
        start = time.process_time()
        act()
        if number >= WARM:
            taken.append(time.process_time() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
