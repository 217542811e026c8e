from django.urls import path

from registers.views import organisations, people

urlpatterns = [
    path("people/", people.people_list, name="people_list"),
    path("people/roles/", organisations.role_list, name="role_list"),
    path("people/organisation/", organisations.organisation_edit, name="organisation_edit"),
    path("people/<slug:level>/<int:pk>/sign-out/", organisations.member_sign_out, name="member_sign_out"),
    path(
        "people/<slug:level>/<int:pk>/second-factor/",
        organisations.member_second_factor_reset,
        name="member_second_factor_reset",
    ),
    path("people/<slug:level>/<int:pk>/", people.member_edit, name="member_edit"),
    path("people/<slug:level>/<int:pk>/remove/", people.member_delete, name="member_delete"),
    path("people/invitations/<int:pk>/revoke/", people.invitation_end, name="invitation_end"),
]
