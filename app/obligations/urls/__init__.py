"""The addresses below a project, one module an area."""

from obligations.urls import evidence, imports, inspections, noncompliance, occurrences, planning, register

urlpatterns = [
    *register.urlpatterns,
    *occurrences.urlpatterns,
    *evidence.urlpatterns,
    *inspections.urlpatterns,
    *noncompliance.urlpatterns,
    *planning.urlpatterns,
    *imports.urlpatterns,
]
