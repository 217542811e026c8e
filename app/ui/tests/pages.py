"""Every page of the site, as an administrator of the demo register is shown it."""

from __future__ import annotations

from accounts.models import User
from config.tests.addresses import addresses
from config.tests.permitted import RULES
from config.tests.permitted.rules import PUBLIC
from config.tests.permitted.world import one_of_everything
from django.test import Client
from django.urls import reverse
from registers.models import Project

REGISTER = "/projects/WRL/register/"
PATHS = {address.name: address.path for address in addresses()}
# Pages that the table of permissions does not tell from others of their address.
ALSO = (
    f"{REGISTER}?q=water&state=overdue&aspect=999999",
    f"{REGISTER}?q=none",
    "/projects/WRL/views/add/?q=water&state=overdue",
    "/projects/WRL/audit/?q=none",
    "/projects/WRL/mechanisms/?show=ended",
    "/projects/WRL/inspections/?show=performed",
    "/projects/WRL/non-compliance/?show=closed",
)


def pages() -> list[str]:
    """Return the addresses of the table of permissions that show an administrator a page."""
    shown = Client()
    shown.force_login(User.objects.get(email="admin@example.com"))
    own = Project.objects.get(code="WRL")
    keys = {name: row.pk for name, row in one_of_everything(own).items()}
    found = []
    for name, rules in RULES.items():
        for rule in rules:
            if rule.get is None or rule.get == PUBLIC or name.startswith(("api", "account_", "mfa_")):
                continue
            values = rule.at | ({"pk": str(keys[rule.of])} if rule.of else {})
            values |= {"code": own.code} if PATHS[name].startswith("/projects/WRL/") else {}
            address = reverse(name, kwargs=values) + (f"?{rule.query.format(**keys)}" if rule.query else "")
            answer = shown.get(address)
            text = b"" if answer.streaming else answer.content
            answer.close()
            if answer.status_code == 200 and text.lstrip().lower().startswith(b"<!doctype html"):
                found.append(address)
    return found
