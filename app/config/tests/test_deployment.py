from __future__ import annotations

import pytest
from django.core.management import call_command

from config.tests.subprocesses import python


def test_djangos_own_deployment_check_finds_nothing() -> None:
    process = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", ENSSOL_INSECURE_HTTP="false")
    _, errors = process.communicate()
    assert process.returncode == 0, errors


def test_the_web_process_loads_nothing_that_only_reports_and_programs_need() -> None:
    heavy = {"matplotlib", "numpy", "PIL", "lxml", "docx", "openpyxl", "typst", "rest_framework", "drf_spectacular"}
    # To write the first link loads all pages.
    script = (
        f"import config.wsgi, sys; from django.urls import reverse; reverse('home'); print({heavy} & {{*sys.modules}})"
    )
    output, errors = python("-c", script).communicate()
    assert output.strip() == "set()", errors


@pytest.mark.django_db
def test_every_model_change_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
