from django.urls import path

from obligations.views import exports, imports

urlpatterns = [
    path("imports/", imports.import_list, name="import_list"),
    path("imports/template/", imports.import_template, name="import_template"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/report/", imports.import_report, name="import_report"),
    path("imports/<int:pk>/<slug:act>/", imports.import_act, name="import_act"),
    path("register/export/<str:form>/", exports.export, name="export"),
]
