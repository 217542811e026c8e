"""manage.py create_admin EMAIL, with the secrets on standard input and never in the process list."""

from __future__ import annotations

import base64
import binascii
import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from config.commands import DataCommand
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.text import slugify

from accounts.models import Organisation
from accounts.services import administrator_ensure


class Command(DataCommand):
    help = (
        "Make sure that EMAIL can sign in and administers every organisation. Asks for the password; without a "
        "terminal it is standard input's first line, and a second line is the secret of their authenticator app."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--organisation", metavar="NAME", help="create this organisation first, if it is missing")

    def handle(self, *args: Any, email: str, organisation: str | None, **options: Any) -> None:
        password, totp_secret = self._secrets()
        if organisation:
            Organisation.objects.get_or_create(slug=slugify(organisation), defaults={"name": organisation})
        try:
            result = administrator_ensure(email=email, password=password, totp_secret=totp_secret)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if not Organisation.objects.exists():
            self.stderr.write("There is no organisation yet: add --organisation NAME to make the first one.")
        self.stdout.write(result)

    def _secrets(self) -> tuple[str, str]:
        if sys.stdin.isatty():
            password = getpass.getpass("Password: ")
            if password != getpass.getpass("Once more: "):
                raise CommandError("the two passwords differ: run the command again")
            return password, ""
        lines: list[str] = sys.stdin.read().splitlines()
        password, totp_secret, *_ = [*lines, "", ""]
        try:
            base64.b32decode(totp_secret)
        except binascii.Error as error:
            raise CommandError("the second line is not a base32 secret: write letters A-Z and digits 2-7") from error
        return password, totp_secret
