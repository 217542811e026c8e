from collections.abc import Mapping

from django.urls import path

from api.base import ApiView
from api.views import evidence, findings, obligations, occurrences, reference, registers

PROJECT = "projects/<str:code>/"


def acts(where: str, name: str, views: Mapping[str, type[ApiView]]) -> list[object]:
    """Return an address for each act upon a row."""
    return [
        path(f"{PROJECT}{where}/<int:pk>/{act}/", view.as_view(), name=f"{name}-{act}") for act, view in views.items()
    ]


app_name = "api"
urlpatterns = [
    path("schema/", reference.Schema.as_view(), name="schema"),
    path("projects/", registers.ProjectList.as_view(), name="project-list"),
    path(PROJECT, registers.ProjectDetail.as_view(), name="project"),
    path(f"{PROJECT}people/", registers.PeopleList.as_view(), name="people"),
    path(f"{PROJECT}terms/<str:vocabulary>/", registers.TermList.as_view(), name="terms"),
    path(f"{PROJECT}mechanisms/", registers.MechanismList.as_view(), name="mechanism-list"),
    path(f"{PROJECT}mechanisms/<int:pk>/", registers.MechanismDetail.as_view(), name="mechanism"),
    path(f"{PROJECT}conditions/", registers.ConditionList.as_view(), name="condition-list"),
    path(f"{PROJECT}conditions/<int:pk>/", registers.ConditionDetail.as_view(), name="condition"),
    path(f"{PROJECT}obligations/", obligations.ObligationList.as_view(), name="obligation-list"),
    path(f"{PROJECT}obligations/bulk/", obligations.ObligationBulk.as_view(), name="obligation-bulk"),
    path(f"{PROJECT}obligations/<int:pk>/", obligations.ObligationDetail.as_view(), name="obligation"),
    path(f"{PROJECT}obligations/<int:pk>/trigger/", obligations.ObligationTrigger.as_view(), name="obligation-trigger"),
    path(f"{PROJECT}occurrences/", occurrences.OccurrenceList.as_view(), name="occurrence-list"),
    path(f"{PROJECT}occurrences/<int:pk>/", occurrences.OccurrenceDetail.as_view(), name="occurrence"),
    *acts("occurrences", "occurrence", occurrences.OCCURRENCE_ACTS),
    path(f"{PROJECT}evidence/", evidence.EvidenceList.as_view(), name="evidence-list"),
    path(f"{PROJECT}evidence/<int:pk>/", evidence.EvidenceDetail.as_view(), name="evidence"),
    path(f"{PROJECT}evidence/<int:pk>/file/", evidence.EvidenceFile.as_view(), name="evidence-file"),
    path(f"{PROJECT}inspections/", findings.InspectionList.as_view(), name="inspection-list"),
    path(f"{PROJECT}inspections/<int:pk>/", findings.InspectionDetail.as_view(), name="inspection"),
    *acts("inspections", "inspection", findings.INSPECTION_ACTS),
    path(f"{PROJECT}non-compliances/", findings.NonComplianceList.as_view(), name="non-compliance-list"),
    path(f"{PROJECT}non-compliances/<int:pk>/", findings.NonComplianceDetail.as_view(), name="non-compliance"),
    *acts("non-compliances", "non-compliance", findings.NON_COMPLIANCE_ACTS),
    path(f"{PROJECT}corrective-actions/", findings.CorrectiveActionList.as_view(), name="corrective-action-list"),
    path(f"{PROJECT}corrective-actions/<int:pk>/", findings.CorrectiveActionDetail.as_view(), name="corrective-action"),
    *acts("corrective-actions", "corrective-action", findings.CORRECTIVE_ACTION_ACTS),
    path(f"{PROJECT}audit-events/", findings.EventList.as_view(), name="event-list"),
]
