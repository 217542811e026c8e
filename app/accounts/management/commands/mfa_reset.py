"""manage.py mfa_reset EMAIL"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from audit.management.recording import RecordingCommand
from django.core.management.base import CommandError

from accounts.models import User
from accounts.services import second_factor_reset


class Command(RecordingCommand):
    help = (
        "Take the second factor from somebody who lost it, and end their sessions: they sign in with their password "
        "and set up another one. Make sure that it is they who ask."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"nobody has the address {email}: check its spelling")
        number = second_factor_reset(user=user, actor=None)
        self.stdout.write(f"{user.email}: {number} authenticators removed, all sessions ended.")
