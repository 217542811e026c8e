from django.urls import path

from obligations import views

urlpatterns = [
    path("register/", views.register, name="register"),
    path("obligations/<int:pk>/", views.obligation_detail, name="obligation_detail"),
    path("obligations/<int:pk>/edit/", views.obligation_edit, name="obligation_edit"),
]
