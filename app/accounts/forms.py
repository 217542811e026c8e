"""allauth's forms for the second step, with limits that all processes share."""

from __future__ import annotations

import time
from secrets import compare_digest
from typing import TYPE_CHECKING

import allauth
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError

from accounts import cipher
from accounts.limits import Attempt, code_use
from accounts.models import User
from accounts.second_factor import passed

if TYPE_CHECKING:
    from django.forms import Form as AllauthAuthenticateForm
    from django.forms import Form as AllauthReauthenticateForm

    def format_hotp_value(value: int) -> str: ...
    def hotp_value(secret: str, counter: int) -> int: ...
elif allauth.VERSION[0] >= 65:
    from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
    from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
else:
    from allauth.mfa.forms import AuthenticateForm as AllauthAuthenticateForm
    from allauth.mfa.forms import ReauthenticateForm as AllauthReauthenticateForm
    from allauth.mfa.totp import format_hotp_value, hotp_value


class _Limited:
    """Takes a code a few times only, and the code of an authenticator app once."""

    user: User
    authenticator: Authenticator
    cleaned_data: dict[str, str]

    def clean_code(self) -> str:
        """Return the code.

        Raises:
            ValidationError: it is wrong, it was used already, or too many failed of late.
        """
        accounts = get_account_adapter()
        attempt = Attempt("code", account=str(self.user.pk), address=accounts.get_client_ip(context.request))
        if not attempt.allowed():
            raise accounts.validation_error("too_many_login_attempts")
        code: str = self._shown_before() or super().clean_code()  # type: ignore[misc]  # of the form mixed into
        if self.authenticator.type == Authenticator.Type.TOTP and not code_use(self.user, code):
            refusal: ValidationError = get_adapter().validation_error("incorrect_code")
            raise refusal
        attempt.succeeded()
        return code

    def _shown_before(self) -> str:
        """Return the code if the app showed it until a moment ago: it moved on while somebody typed (RFC 6238, 5.2)."""
        app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
        if app is None:
            return ""
        period = int(time.time()) // app_settings.TOTP_PERIOD - 1
        shown = format_hotp_value(hotp_value(cipher.decrypt(app.data["secret"]), period))
        code = self.cleaned_data["code"]
        if not compare_digest(code.encode(), shown.encode()):
            return ""
        self.authenticator = app
        return code

    def save(self) -> None:
        super().save()  # type: ignore[misc]  # as above
        passed(context.request)


class AuthenticateForm(_Limited, AllauthAuthenticateForm): ...


class ReauthenticateForm(_Limited, AllauthReauthenticateForm): ...
