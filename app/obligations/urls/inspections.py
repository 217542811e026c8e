from django.urls import path

from obligations.views import checklists, inspections

urlpatterns = [
    path("inspections/", inspections.inspection_list, name="inspection_list"),
    path("inspections/add/", inspections.inspection_add, name="inspection_add"),
    path("inspections/<int:pk>/", inspections.inspection_detail, name="inspection_detail"),
    path("inspections/<int:pk>/edit/", inspections.inspection_edit, name="inspection_edit"),
    path("inspections/<int:pk>/perform/", inspections.inspection_perform, name="inspection_perform"),
    path("inspections/<int:pk>/cancel/", inspections.inspection_cancel, name="inspection_cancel"),
    path("obligations/<int:pk>/inspect/", inspections.inspection_start, name="inspection_start"),
    path("obligations/<int:pk>/checklist/", checklists.checklist, name="checklist"),
    path("checklist/<int:pk>/", checklists.checklist_item_edit, name="checklist_item_edit"),
    path("checklist/<int:pk>/move/", checklists.checklist_item_move, name="checklist_item_move"),
    path("checklist/<int:pk>/retire/", checklists.checklist_item_retire, name="checklist_item_retire"),
]
