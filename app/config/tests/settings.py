"""The real settings, on a throw-away folder and with quick password hashing."""

import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="enssol-tests-")
os.environ.update(
    ENSSOL_SECRET_KEY="tests-only-" + "0123456789" * 4,
    ENSSOL_ALLOWED_HOSTS="testserver,localhost",
    ENSSOL_DATA_DIR=_folder.name,
    # `make test-app-postgres` names another one; nothing else may, lest tests empty somebody's database.
    ENSSOL_DATABASE_URL=os.environ.get("ENSSOL_TEST_DATABASE_URL", f"sqlite:///{_folder.name}/enssol.sqlite3"),
    ENSSOL_STATIC_ROOT=f"{_folder.name}/static",
    ENSSOL_INSECURE_HTTP="true",
)

from config.settings import *  # noqa: E402, F403  the environment has to be there first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Hashed names need `collectstatic`, which a test of its own runs.
if "STORAGES" in globals():
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405  from the star
else:
    STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
if DATABASES["default"]["ENGINE"] == "config.db.sqlite":  # noqa: F405  from the star
    # A file, as in production: requests of a browser come at once, and an in-memory database is one connection for all.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder.name}/test.sqlite3"}  # noqa: F405  from the star
