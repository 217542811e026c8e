from django.urls import path

from obligations.views import evidence

urlpatterns = [
    path("obligations/<int:pk>/evidence/", evidence.evidence_add_page, name="evidence_add"),
    path("evidence/<int:pk>/", evidence.evidence_detail, name="evidence_detail"),
    path("evidence/<int:pk>/file/", evidence.evidence_file, name="evidence_file"),
    path("evidence/<int:pk>/preview/", evidence.evidence_preview, name="evidence_preview"),
    path("evidence/<int:pk>/edit/", evidence.evidence_edit, name="evidence_edit"),
    path("evidence/<int:pk>/review/", evidence.evidence_review_page, name="evidence_review"),
    path("evidence/<int:pk>/verify/", evidence.evidence_verify_page, name="evidence_verify"),
    path("evidence/<int:pk>/remove/", evidence.evidence_remove_page, name="evidence_remove"),
]
