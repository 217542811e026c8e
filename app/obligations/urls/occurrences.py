from django.urls import path

from obligations.acts import ACTS
from obligations.views import comments, occurrences, rules

urlpatterns = [
    path("obligations/<int:pk>/occurrences/", occurrences.occurrence_list, name="occurrence_list"),
    path("obligations/<int:pk>/comment/", comments.comment_add_page, name="comment_add"),
    path("obligations/<int:pk>/recurrence/", rules.obligation_rule, name="obligation_rule"),
    path("occurrences/<int:pk>/", occurrences.occurrence_detail, name="occurrence_detail"),
    path("occurrences/<int:pk>/undo/<slug:act>/", occurrences.occurrence_undo, name="occurrence_undo"),
    *(
        path(f"occurrences/<int:pk>/{act}/", occurrences.occurrence_act, {"act": act}, name=f"occurrence_{act}")
        for act in ACTS
    ),
]
