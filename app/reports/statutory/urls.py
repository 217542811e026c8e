from django.urls import path

from reports.statutory import exports, views

urlpatterns = [
    path("occurrences.<str:form>", exports.occurrences, name="occurrence_export"),
    path("audit.xlsx", exports.trail, name="audit_workbook"),
    path("reports/", views.report_list, name="statutory_reports"),
    path("reports/begin/", views.report_begin, name="statutory_begin"),
    path("reports/<int:pk>/", views.report_detail, name="statutory_report"),
    path("reports/<int:pk>/preview/", views.report_preview, name="statutory_preview"),
    path("reports/<int:pk>/lines/", views.report_lines, name="statutory_lines"),
    path("reports/<int:pk>/lines/<int:obligation>/", views.line_judge, name="statutory_line"),
    path("reports/<int:pk>/parts/<slug:key>/", views.narrative_write, name="statutory_write"),
    path("reports/<int:pk>/progress/", views.report_progress, name="statutory_progress"),
    path("reports/<int:pk>/files/<str:name>", views.report_file, name="statutory_file"),
    path("reports/<int:pk>/lines.<str:form>", views.report_data, name="statutory_data"),
    path("reports/<int:pk>/pack.zip", views.report_pack, name="statutory_pack"),
    path("reports/<int:pk>/<slug:act>/", views.report_act, name="statutory_act"),
]
