"""How often somebody may fail to sign in: counted in the database, for every worker and over restarts.

Only failures count. A success forgets the failures of its own account, never those of the address they came from: else
an attacker would sign in to an account of their own between two tries at another's.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Failure, UsedCode, User

KEPT = timedelta(days=1)
# Longer than a code of an authenticator app is taken for, shorter than it takes the app to show the same one again.
CODE_KEPT = timedelta(minutes=2)


class Limit(NamedTuple):
    """So many failures in so long a time."""

    failures: int
    within: timedelta


# By scope. An address is shared by an office, so it may fail more often than one account.
LIMITS: dict[str, Limit] = {
    "password account": Limit(5, timedelta(minutes=5)),
    "password address": Limit(30, timedelta(minutes=15)),
    "code account": Limit(5, timedelta(minutes=15)),
    "code address": Limit(30, timedelta(minutes=15)),
}


class Attempt:
    """One try at an account from an address. It counts as failed from the start, so that tries at once all count."""

    def __init__(self, what: str, *, account: str, address: str) -> None:
        self.keys = {f"{what} account": _hashed(account), f"{what} address": _hashed(address)}
        self.failures: list[Failure] = []

    def allowed(self) -> bool:
        """Count the try, and return whether it is within every limit; one beyond them prolongs nothing."""
        if any(_spent(scope, key) for scope, key in self.keys.items()):
            return False
        Failure.objects.filter(at__lt=timezone.now() - KEPT).delete()
        self.failures = [Failure.objects.create(scope=scope, key=key) for scope, key in self.keys.items()]
        return True

    def succeeded(self) -> None:
        """Take the try back, and with it the account's failures before it."""
        Failure.objects.filter(pk__in=[failure.pk for failure in self.failures]).delete()
        scope = next(scope for scope in self.keys if scope.endswith("account"))
        Failure.objects.filter(scope=scope, key=self.keys[scope]).delete()


def code_use(user: User, code: str) -> bool:
    """Return whether a person uses a one-time code for the first time; another process cannot use it as well."""
    UsedCode.objects.filter(at__lt=timezone.now() - CODE_KEPT).delete()
    try:
        with transaction.atomic():
            UsedCode.objects.create(user=user, code=_hashed(code))
    except IntegrityError:
        return False
    return True


def _spent(scope: str, key: str) -> bool:
    limit = LIMITS[scope]
    return Failure.objects.filter(scope=scope, key=key, at__gt=timezone.now() - limit.within).count() >= limit.failures


def _hashed(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()
