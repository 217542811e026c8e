"""Addresses below a person's account."""

from django.urls import path

from notifications.views import calendar, choices

urlpatterns = [
    path("notices/", choices.notice_choices, name="notice_choices"),
    path("calendar/", calendar.calendar_feeds, name="calendar_feeds"),
    path("calendar/<int:pk>/revoke/", calendar.calendar_feed_revoke, name="calendar_feed_revoke"),
]
