"""Django's admin, for superusers with a second factor to look into the tables: off unless ENSSOL_DJANGO_ADMIN is true.

It changes nothing: what changes goes through the services, which check who may and record who did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import Membership, Organisation, User
from accounts.second_factor import PASSED
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from obligations.models import Obligation, Occurrence
from registers.models import Mechanism, Project, ProjectMembership

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[models.Model]
else:
    ModelAdmin = admin.ModelAdmin


class Site(admin.AdminSite):
    """Leads strangers to the site's own sign-in, and is not there for anybody else."""

    site_header = site_title = "Enssol tables"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_superuser and bool(request.session.get(PASSED))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next", "/"))


class Looking(ModelAdmin):
    """Shows rows and changes none."""

    exclude = ("password",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


site = Site(name="admin")
for model in (User, Organisation, Membership, Project, ProjectMembership, Mechanism, Obligation, Occurrence):
    site.register(model, Looking)
