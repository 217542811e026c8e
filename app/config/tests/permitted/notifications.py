"""Addresses of reminders and of the calendar feed."""

from __future__ import annotations

from config.tests.permitted.rules import PUBLIC, SIGNED_IN, Rule

RULES: dict[str, Rule | list[Rule]] = {
    "notice_choices": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "calendar_feeds": Rule(get=SIGNED_IN, post=SIGNED_IN),
    "calendar_feed_revoke": Rule(post=SIGNED_IN, of="feed"),
    # Whoever has these addresses was given them: their token is the permission.
    "calendar_feed": Rule(get=PUBLIC, at={"token": "x"}),
    "notice_off": Rule(get=PUBLIC, post=PUBLIC, at={"token": "x"}),
    "mail_list": Rule(get="mail.manage"),
    "mail_try_all_again": Rule(post="mail.manage", does=302),
    "mail_try_again": Rule(post="mail.manage", of="notice", does=302),
}
