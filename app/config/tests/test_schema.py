from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from config.tests.subprocesses import APP

SCRIPT = APP.parent / "docs" / "schema.py"


@pytest.fixture(scope="module")
def schema() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schema", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_schemas_description_is_what_the_models_say(schema: ModuleType) -> None:
    document: Path = schema.DOCUMENT
    assert document.read_text(encoding="utf-8") == schema.document(), "stale: run make docs"


def test_it_describes_each_table_of_ours(schema: ModuleType) -> None:
    text = schema.document()
    for needed in (
        "| `action_due_date` | date | yes |",
        "- `mechanism_reference_unique`: unique by project, reference",
        "- `current_condition_unique`: unique by mechanism, number where ended_on is empty",
        "- `extension_gives_time`: new_date > previous_date",
        "- `closed_occurrence_has_an_outcome`: (not (state = “closed”) or not (result = “”) and completed_on is given)",
        "    Obligation ||--o{ Occurrence : obligation",
        "    Obligation ||--o| RecurrenceRule : obligation",
    ):
        assert needed in text
