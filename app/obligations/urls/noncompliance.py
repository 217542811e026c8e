from django.urls import path

from obligations.views import corrective_actions, noncompliance

urlpatterns = [
    path("non-compliance/", noncompliance.non_compliance_list, name="non_compliance_list"),
    path("non-compliance/add/", noncompliance.non_compliance_add, name="non_compliance_add"),
    path("non-compliance/<int:pk>/", noncompliance.non_compliance_detail, name="non_compliance_detail"),
    path("non-compliance/<int:pk>/edit/", noncompliance.non_compliance_edit, name="non_compliance_edit"),
    path(
        "non-compliance/<int:pk>/actions/add/", corrective_actions.corrective_action_add, name="corrective_action_add"
    ),
    path("non-compliance/<int:pk>/<slug:act>/", noncompliance.non_compliance_act, name="non_compliance_act"),
    path("corrective-actions/", corrective_actions.corrective_action_list, name="corrective_action_list"),
    path("corrective-actions/<int:pk>/", corrective_actions.corrective_action_detail, name="corrective_action_detail"),
    path("corrective-actions/<int:pk>/edit/", corrective_actions.corrective_action_edit, name="corrective_action_edit"),
    path(
        "corrective-actions/<int:pk>/<slug:act>/",
        corrective_actions.corrective_action_act,
        name="corrective_action_act",
    ),
]
