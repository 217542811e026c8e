"""Addresses below a project."""

from django.urls import path

from notifications.views import outbox

urlpatterns = [
    path("mail/", outbox.mail_list, name="mail_list"),
    path("mail/try-again/", outbox.mail_try_all_again, name="mail_try_all_again"),
    path("mail/<int:pk>/try-again/", outbox.mail_try_again, name="mail_try_again"),
]
