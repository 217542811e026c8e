from django.urls import path

from obligations.views import procedures, project_calendar, vocabularies

urlpatterns = [
    path("procedures/", procedures.procedure_list, name="procedure_list"),
    path("procedures/add/", procedures.procedure_add, name="procedure_add"),
    path("procedures/<int:pk>/", procedures.procedure_detail, name="procedure_detail"),
    path("procedures/<int:pk>/edit/", procedures.procedure_edit, name="procedure_edit"),
    path("procedures/<int:pk>/document/", procedures.procedure_document, name="procedure_document"),
    path("procedures/<int:pk>/document/add/", procedures.procedure_document_add, name="procedure_document_add"),
    path("vocabulary/", vocabularies.vocabulary_list, name="vocabulary_list"),
    path("vocabulary/<slug:kind>/", vocabularies.vocabulary_list, name="vocabulary_list"),
    path("vocabulary/<slug:kind>/<int:pk>/", vocabularies.term_edit, name="term_edit"),
    path("vocabulary/<slug:kind>/<int:pk>/retire/", vocabularies.term_retire, name="term_retire"),
    path("vocabulary/<slug:kind>/<int:pk>/delete/", vocabularies.term_remove, name="term_remove"),
    path("project-calendar/", project_calendar.project_calendar, name="project_calendar"),
    path("project-calendar/holidays/add/", project_calendar.holidays_add, name="holidays_add"),
    path("project-calendar/holidays/<int:pk>/", project_calendar.holiday_edit, name="holiday_edit"),
    path("project-calendar/holidays/<int:pk>/remove/", project_calendar.holiday_remove, name="holiday_remove"),
    path("project-calendar/phases/<int:pk>/", project_calendar.phase_edit, name="phase_edit"),
    path("project-calendar/milestones/add/", project_calendar.milestone_add, name="milestone_add"),
    path("project-calendar/milestones/<int:pk>/", project_calendar.milestone_edit, name="milestone_edit"),
    path("project-calendar/milestones/<int:pk>/remove/", project_calendar.milestone_remove, name="milestone_remove"),
]
