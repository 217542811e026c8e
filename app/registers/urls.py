from django.urls import path

from registers.views import people

urlpatterns = [
    path("people/", people.people_list, name="people_list"),
    path("people/<slug:level>/<int:pk>/", people.member_edit, name="member_edit"),
    path("people/<slug:level>/<int:pk>/remove/", people.member_delete, name="member_delete"),
    path("people/invitations/<int:pk>/revoke/", people.invitation_end, name="invitation_end"),
]
