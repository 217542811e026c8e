"""Addresses that know people by a token."""

from django.urls import path

from notifications.views import calendar, choices

urlpatterns = [
    path("notices/off/<str:token>/", choices.notice_off, name="notice_off"),
    path("calendar/<str:token>.ics", calendar.calendar_feed, name="calendar_feed"),
]
