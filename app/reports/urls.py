from django.urls import path

from reports import views
from reports.statutory.urls import urlpatterns as statutory

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("trends/", views.trends, name="trends"),
    path("done/", views.closing_list, name="closing_list"),
    path("figures/<slug:name>.png", views.figure_png, name="figure_png"),
    path("figures/<slug:name>.csv", views.figure_csv, name="figure_csv"),
    path("figures/<slug:name>.svg", views.figure, name="figure"),
    path("figures/<slug:name>/", views.figure_part, name="figure_part"),
    *statutory,
]
