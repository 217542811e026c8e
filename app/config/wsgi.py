"""The WSGI callable that gunicorn serves."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    application = get_wsgi_application()
    # Before the worker is forked from this process, so that the two hold the pages' code once.
    get_resolver().url_patterns  # noqa: B018 - asking for them loads them
except ImproperlyConfigured as error:
    sys.exit(f"enssol: {error}")
