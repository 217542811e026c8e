from django.urls import path

from reports import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("figures/<slug:name>.svg", views.figure, name="figure"),
]
