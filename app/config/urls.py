from api import pages as api
from django.conf import settings
from django.urls import include, path
from obligations.views import planning
from registers.views import people
from reports import rollup_views as rollup

from config import health

handler404 = "api.pages.not_found"
handler500 = "api.pages.fault"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", rollup.home, name="home"),
    path("my-work/", planning.my_work, name="my_work"),
    path("projects/", rollup.project_list, name="project_list"),
    path("projects/figures/by-project.svg", rollup.roll_up_figure, name="roll_up_figure"),
    path("projects/figures/by-project.png", rollup.roll_up_png, name="roll_up_png"),
    path("projects/figures/by-project.csv", rollup.roll_up_csv, name="roll_up_csv"),
    path("projects/figures/by-project/", rollup.roll_up_part, name="roll_up_part"),
    path("projects/<str:code>/", include("reports.urls")),
    path("projects/<str:code>/", include("obligations.urls")),
    path("projects/<str:code>/", include("registers.urls")),
    path("projects/<str:code>/", include("audit.urls")),
    path("projects/<str:code>/", include("notifications.urls.project")),
    path("projects/<str:code>/", include(api.project)),
    *api.site,
    path("invitations/<str:token>/", people.invitation_join, name="invitation_join"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("notifications.urls.account")),
    path("accounts/", include(api.account)),
    path("", include("notifications.urls.public")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]

if settings.DJANGO_ADMIN:
    from config.admin import site

    urlpatterns.append(path("admin/", site.urls))
