"""Addresses of a person's own account, and of signing in; of allauth's it is only asked whom they answer."""

from __future__ import annotations

from config.tests.permitted.rules import PUBLIC, SIGNED_IN, Rule

RULES: dict[str, Rule | list[Rule]] = {
    "healthz": Rule(get=PUBLIC, post=PUBLIC),
    "readyz": Rule(get=PUBLIC, post=PUBLIC),
    "invitation_join": Rule(get=PUBLIC, post=PUBLIC, at={"token": "x"}),
    "account_sessions": Rule(get=SIGNED_IN),
    "account_session_end": Rule(post=SIGNED_IN, of="session"),
    "account_sessions_end_others": Rule(post=SIGNED_IN),
    # --- allauth ------------------------------------------------------------------------------------------------------
    "account_login": Rule(get=PUBLIC, post=PUBLIC),
    "account_logout": Rule(get=PUBLIC, post=PUBLIC),
    "account_signup": Rule(get=PUBLIC, post=PUBLIC),
    "account_inactive": Rule(get=PUBLIC),
    "account_confirm_email": Rule(get=PUBLIC, post=PUBLIC, at={"key": "x"}),
    "account_email_verification_sent": Rule(get=PUBLIC),
    "account_reset_password": Rule(get=PUBLIC, post=PUBLIC),
    "account_reset_password_done": Rule(get=PUBLIC),
    "account_reset_password_from_key": Rule(get=PUBLIC, post=PUBLIC, at={"uidb36": "1", "key": "x"}),
    "account_reset_password_from_key_done": Rule(get=PUBLIC),
    "account_confirm_login_code": Rule(get=PUBLIC, post=PUBLIC),
    "account_change_password": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "account_set_password": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "account_email": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "account_reauthenticate": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "mfa_index": Rule(get=SIGNED_IN),
    "mfa_authenticate": Rule(get=PUBLIC, post=PUBLIC),
    "mfa_reauthenticate": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "mfa_activate_totp": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "mfa_deactivate_totp": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "mfa_view_recovery_codes": Rule(get=SIGNED_IN),
    "mfa_generate_recovery_codes": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "mfa_download_recovery_codes": Rule(get=SIGNED_IN),
}
