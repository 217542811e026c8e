from django.urls import path

from obligations.views import obligation, register

urlpatterns = [
    path("register/", register.register, name="register"),
    path("obligations/<int:pk>/", obligation.obligation_detail, name="obligation_detail"),
    path("obligations/<int:pk>/edit/", obligation.obligation_edit, name="obligation_edit"),
]
