from django.urls import path

from obligations.views import bulk, inline, lifecycle, obligation, register, saved_views

urlpatterns = [
    path("register/", register.register, name="register"),
    path("register/keys/", register.register_keys, name="register_keys"),
    path("register/bulk/", bulk.register_bulk, name="register_bulk"),
    path("register/bulk/<str:token>/", bulk.register_bulk_done, name="register_bulk_done"),
    path("register/bulk/<str:token>/undo/", bulk.register_bulk_undo, name="register_bulk_undo"),
    path("views/add/", saved_views.saved_view_new, name="saved_view_add"),
    path("views/<int:pk>/", saved_views.saved_view_edit, name="saved_view_edit"),
    path("views/<int:pk>/delete/", saved_views.saved_view_remove, name="saved_view_delete"),
    path("views/<int:pk>/restore/", saved_views.saved_view_restore, name="saved_view_restore"),
    path("obligations/add/", obligation.obligation_add, name="obligation_add"),
    path("obligations/<int:pk>/row/", inline.obligation_row, name="obligation_row"),
    path("obligations/<int:pk>/", obligation.obligation_detail, name="obligation_detail"),
    path("obligations/<int:pk>/edit/", obligation.obligation_edit, name="obligation_edit"),
    *(
        path(f"obligations/<int:pk>/{name}/", lifecycle.obligation_step, {"name": name}, name=f"obligation_{name}")
        for name in lifecycle.STEPS
    ),
]
