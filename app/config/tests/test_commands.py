"""What management commands cost before they begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class

OURS = [path.stem for path in sorted(settings.BASE_DIR.glob("*/management/commands/[a-z]*.py"))]


@pytest.mark.parametrize("name", OURS)
def test_a_command_does_not_load_the_sites_pages(name: str) -> None:
    app = get_commands()[name]
    assert Path(apps.get_app_config(str(app)).path).parent == settings.BASE_DIR
    assert load_command_class(str(app), name).requires_system_checks == []
