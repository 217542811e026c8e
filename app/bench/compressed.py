"""The settings of production with what nginx does before a browser: compressed answers, and static files."""

import os

os.environ["ENSSOL_SERVE_STATIC"] = "true"

from config.settings import *  # noqa: F403  the environment has to be there first

MIDDLEWARE.insert(0, "django.middleware.gzip.GZipMiddleware")  # noqa: F405  from the star
