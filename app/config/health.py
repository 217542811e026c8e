"""Is the process alive, and can it serve? Neither answer tells a stranger more than one word."""

from __future__ import annotations

import tempfile

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, migrations and storage are usable; otherwise 503 and the first of them that is not."""
    for name, works in (("database", _database), ("migrations", _migrations), ("storage", _storage)):
        if not works():
            return HttpResponse(f"{name}\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _storage() -> bool:
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as probe:
            probe.write(b"ready")
    except OSError:
        return False
    return True
