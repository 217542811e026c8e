from __future__ import annotations

from datetime import date

import pytest
from accounts.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from files.services import store
from obligations.models import Evidence
from registers.models import Project

from reports.statutory import services
from reports.statutory.models import StatutoryReport


@pytest.fixture
def proof(project: Project, manager: User) -> Evidence:
    """A file that shows something in the period of the report."""
    upload = SimpleUploadedFile("Weed map: año 2026.txt", b"mapped\n")
    duty = project.obligations.get(mechanism__reference="MS 1234", number="6-2(3)")
    return Evidence.objects.create(
        obligation=duty,
        file=store(organisation=project.organisation, upload=upload, actor=manager),
        name="Weed map: año 2026.txt",
        effective_on=date(2026, 6, 3),
        uploaded_by=manager,
    )


@pytest.fixture
def finalised(project: Project, manager: User, proof: Evidence) -> StatutoryReport:
    """A compliance assessment report over the twelve months before the demo's today, frozen."""
    draft = services.report_begin(
        actor=manager,
        project=project,
        mechanism=project.mechanisms.get(reference="MS 1234"),
        layout_key="wa_car",
        period_start=date(2025, 11, 20),
        period_end=date(2026, 11, 19),
    )
    text = "Clearing ended in June.\n\n- crushing runs,\n- flotation <does> not & *will* #later."
    services.narrative_write(actor=manager, report=draft, key="implementation", text=text, expected_version=0)
    return services.report_finalise(actor=manager, report=draft)
