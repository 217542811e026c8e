import allauth
from allauth.account.views import email
from django.contrib.auth.decorators import login_required
from django.urls import path

from accounts import views
from accounts.reauthentication import confirmed

urlpatterns = [
    # The password's page asks for the old one itself, and the second factor's pages ask before they open.
    path("email/", confirmed(email), name="account_email"),
    path("sessions/", views.sessions, name="account_sessions"),
    path("sessions/<int:pk>/end/", views.session_end, name="account_session_end"),
    path("sessions/end-others/", views.sessions_end_others, name="account_sessions_end_others"),
]

if allauth.VERSION[0] < 65:
    from allauth.mfa import views as mfa

    # 0.63.6 does not ask who wants to see them, and fails when it is nobody.
    urlpatterns += [
        path("2fa/recovery-codes/", login_required(mfa.view_recovery_codes), name="mfa_view_recovery_codes"),
        path(
            "2fa/recovery-codes/download/",
            login_required(mfa.download_recovery_codes),
            name="mfa_download_recovery_codes",
        ),
    ]
