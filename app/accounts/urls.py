from django.urls import path

from accounts import views

urlpatterns = [
    path("sessions/", views.sessions, name="account_sessions"),
    path("sessions/<int:pk>/end/", views.session_end, name="account_session_end"),
    path("sessions/end-others/", views.sessions_end_others, name="account_sessions_end_others"),
]
