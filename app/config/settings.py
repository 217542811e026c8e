"""Django settings: secure by default, everything that differs between hosts comes from ENSSOL_* variables."""

from __future__ import annotations

from pathlib import Path

import allauth
import django

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("ENSSOL_DATA_DIR", BASE_DIR.parent / ".local" / "app")

SECRET_KEY = env.secret_key("ENSSOL_SECRET_KEY")
# What the database keeps encrypted: the newest key first, older ones until `rotate_encryption` has run.
ENCRYPTION_KEYS = env.secret_keys("ENSSOL_ENCRYPTION_KEYS")
DEBUG = env.flag("ENSSOL_DEBUG")
ALLOWED_HOSTS = env.words("ENSSOL_ALLOWED_HOSTS")
# For a loopback address only: no redirect to HTTPS, and cookies that travel without it.
INSECURE_HTTP = env.flag("ENSSOL_INSECURE_HTTP")
# How many proxies of ours stand in front and append to X-Forwarded-For.
TRUSTED_PROXIES = env.number("ENSSOL_TRUSTED_PROXIES", 0)

INSTALLED_APPS = [
    "accounts",
    "api",
    "audit",
    "backups",
    "files",
    "registers",
    "obligations",
    "notifications",
    "reports",
    "ui",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

# To look into the tables when something is wrong; whoever switches it on runs `migrate` once.
DJANGO_ADMIN = env.flag("ENSSOL_DJANGO_ADMIN")
if DJANGO_ADMIN:
    INSTALLED_APPS.append("django.contrib.admin.apps.SimpleAdminConfig")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.origin_of_changes",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.second_factor.second_factor_required",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.htmx_login_redirect",
    "config.middleware.NumbersBeyondTheDatabase",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"environment": "ui.compiled.environment"},
    },
]
FORM_RENDERER = "django.forms.renderers.Jinja2"

DATABASES = {"default": env.database("ENSSOL_DATABASE_URL", DATA_DIR / "enssol.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits and used one-time codes must hold for every worker and survive a restart.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
        # Past this number entries go at random; with Django's 300, trying 300 addresses would clear the limits.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Parts of pages, about 8 KB each (see obligations.kept): in memory, where they go with the worker and its release.
    "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 300}},
}

# --- Language and time: stored in UTC, shown in the project's own time zone -------------------------------------------
LANGUAGE_CODE = "en-au"
TIME_ZONE = "Australia/Perth"
USE_I18N = True
USE_TZ = True

# --- Static files: hashed names, so that they can be cached for ever --------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("ENSSOL_STATIC_ROOT", BASE_DIR.parent / "static")
STATICFILES_STORAGE = "ui.bundles.BundlingStorage"
if env.flag("ENSSOL_SERVE_STATIC"):
    MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
if django.VERSION >= (4, 2):
    del STATICFILES_STORAGE
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "ui.bundles.BundlingStorage"},
    }

# --- Transport and browser --------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = not INSECURE_HTTP
# Health is asked for over the local socket, without a proxy that says https.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not INSECURE_HTTP
SESSION_COOKIE_NAME = "enssol_session" if INSECURE_HTTP else "__Host-enssol_session"
CSRF_COOKIE_NAME = "enssol_csrf" if INSECURE_HTTP else "__Host-enssol_csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A new version of an approval decides about each of its conditions in one form, with four fields a condition.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- Files that people upload -----------------------------------------------------------------------------------------
# Of one upload, in megabytes; nginx takes one more, for the form around it.
MAX_UPLOAD_MB = env.number("ENSSOL_MAX_UPLOAD_MB", 25, least=1)
# Empty for a folder of DATA_DIR, or s3://bucket/prefix.
EVIDENCE_URL = env.text("ENSSOL_EVIDENCE_URL", "")
BACKUP_URL = env.text("ENSSOL_BACKUP_URL", f"file://{DATA_DIR}/backups")
# Never in memory, of which there is little.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- Accounts ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend"
    if allauth.VERSION[0] >= 65
    else "accounts.backends.EmailBackend"
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Argon2's default takes 100 MiB for each sign-in, which a 0.5 GB host does not have.
PASSWORD_HASHERS = ["accounts.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if INSECURE_HTTP else "https"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Enssol: "
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Failed sign-ins are counted in the database instead (accounts.limits).
ACCOUNT_RATE_LIMITS = {"login_failed": ""}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
if allauth.VERSION[0] >= 65:
    ACCOUNT_LOGIN_METHODS = {"email"}
    ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
else:
    ACCOUNT_AUTHENTICATION_METHOD = "email"
    ACCOUNT_EMAIL_REQUIRED = True
    ACCOUNT_USERNAME_REQUIRED = False
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {"authenticate": "accounts.forms.AuthenticateForm", "reauthenticate": "accounts.forms.ReauthenticateForm"}
# Not a variable: only the site on one's own machine, which nobody else reaches, goes without.
REQUIRE_SECOND_FACTOR = not INSECURE_HTTP
MFA_TOTP_ISSUER = "Enssol"

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.Asking", "api.throttling.Changing"],
    # A host with a twentieth of a processor answers so many and stays quick for people.
    "DEFAULT_THROTTLE_RATES": {"asking": "600/min", "changing": "120/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Enssol",
    "VERSION": "1",
    "DESCRIPTION": "The register of every condition of every approval, for programs: what a person may see and do.",
    "OAS_VERSION": "3.0.3",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["api.schema.with_problems"],
}

# --- Mail and logs ----------------------------------------------------------------------------------------------------
# Where links in mails lead: a command that sends them has no request to take the address from.
SITE_URL = env.site("ENSSOL_SITE_URL", f"{ACCOUNT_DEFAULT_HTTP_PROTOCOL}://{ALLOWED_HOSTS[0].removeprefix('.')}")
DEFAULT_FROM_EMAIL = env.text("ENSSOL_EMAIL_FROM", "enssol@localhost")
globals().update(env.email("ENSSOL_EMAIL_URL"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": [], "propagate": True, "level": "INFO"}},
}
