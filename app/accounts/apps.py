import sys
from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Load what draws a QR code without what it would take along where it finds it.

        The standard library writes its few tags of SVG as well; lxml and Pillow, which reports need in processes of
        their own, would take 7 MB of the web process.
        """
        absent = [name for name in ("lxml", "lxml.etree", "PIL") if name not in sys.modules]
        # As the import system has it: a name with None cannot be imported.
        sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # its stubs know modules alone
        import_module("qrcode.image.svg")
        for name in absent:
            del sys.modules[name]
