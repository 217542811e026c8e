from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class ObligationsConfig(AppConfig):
    name = "obligations"
    verbose_name = "Obligations"

    def ready(self) -> None:
        """Let the search follow the register through migrations."""
        from obligations.search_index import after_migrations, before_migrations  # noqa: PLC0415  needs loaded apps

        pre_migrate.connect(before_migrations, sender=self)
        post_migrate.connect(after_migrations, sender=self)
