from __future__ import annotations

import pytest
from django.core.management import call_command

from config.tests.subprocesses import python


def test_djangos_own_deployment_check_finds_nothing() -> None:
    process = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", ENSSOL_INSECURE_HTTP="false")
    _, errors = process.communicate()
    assert process.returncode == 0, errors


def test_the_web_process_never_loads_matplotlib() -> None:
    script = "import config.wsgi, sys; print([name for name in sys.modules if name.startswith('matplotlib')])"
    output, errors = python("-c", script).communicate()
    assert output.strip() == "[]", errors


@pytest.mark.django_db
def test_every_model_change_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
