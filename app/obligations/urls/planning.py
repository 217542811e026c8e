from django.urls import path

from obligations.views import planning

urlpatterns = [
    path("calendar/", planning.calendar, name="calendar"),
    path("look-ahead/", planning.look_ahead, name="look_ahead"),
    path("look-ahead/csv/", planning.look_ahead_csv, name="look_ahead_csv"),
    path("my-work/", planning.project_work, name="project_work"),
]
