from django.urls import path

from reports import views
from reports.statutory.urls import urlpatterns as statutory

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("figures/<slug:name>.svg", views.figure, name="figure"),
    path("figures/<slug:name>/", views.figure_part, name="figure_part"),
    *statutory,
]
