from django.urls import path

from obligations.views import amendments, conditions, mechanisms

urlpatterns = [
    path("mechanisms/", mechanisms.mechanism_list, name="mechanism_list"),
    path("mechanisms/add/", mechanisms.mechanism_add, name="mechanism_add"),
    path("mechanisms/<int:pk>/", mechanisms.mechanism_detail, name="mechanism_detail"),
    path("mechanisms/<int:pk>/edit/", mechanisms.mechanism_edit, name="mechanism_edit"),
    path("mechanisms/<int:pk>/document/", amendments.version_document_add, name="version_document_add"),
    path("mechanisms/<int:pk>/versions/add/", amendments.version_add, name="version_add"),
    path("mechanisms/<int:pk>/versions/compare/", amendments.version_compare, name="version_compare"),
    path("mechanisms/<int:pk>/conditions/add/", conditions.condition_add, name="condition_add"),
    path("versions/<int:pk>/document/", amendments.version_document, name="version_document"),
    path("conditions/<int:pk>/", conditions.condition_detail, name="condition_detail"),
    path("conditions/<int:pk>/edit/", conditions.condition_edit, name="condition_edit"),
    path("conditions/<int:pk>/move/", conditions.condition_move, name="condition_move"),
]
