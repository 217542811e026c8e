from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from bench.reference.models import Row


@login_required
def rows(request: HttpRequest) -> HttpResponse:
    """Show fifty rows."""
    return render(request, "rows.html", {"rows": Row._default_manager.order_by("pk")[:50]})


urlpatterns = [path("", rows)]
