#!/usr/bin/env python3
"""Django's command line for Enssol."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # Django goes on without settings for some commands, and then fails somewhere else.
        _ = settings.SECRET_KEY
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"enssol: {error}")


if __name__ == "__main__":
    main()
