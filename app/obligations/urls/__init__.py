"""The addresses below a project, one module an area."""

from obligations.urls import (
    evidence,
    governing,
    imports,
    inspections,
    mechanisms,
    noncompliance,
    occurrences,
    planning,
    register,
)

urlpatterns = [
    *register.urlpatterns,
    *occurrences.urlpatterns,
    *evidence.urlpatterns,
    *inspections.urlpatterns,
    *noncompliance.urlpatterns,
    *planning.urlpatterns,
    *imports.urlpatterns,
    *mechanisms.urlpatterns,
    *governing.urlpatterns,
]
