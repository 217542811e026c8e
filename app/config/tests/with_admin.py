"""The site's addresses as they are with ENSSOL_DJANGO_ADMIN=true."""

from django.urls import path

from config.admin import site
from config.urls import urlpatterns as ours

urlpatterns = [*ours, path("admin/", site.urls)]
