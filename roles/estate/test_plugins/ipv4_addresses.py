"""Jinja test on IPv4 addresses."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address


def ipv4_address(text: str) -> bool:
    """Tell whether the text is an IPv4 address such as 198.51.100.10."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


class TestModule:
    """The entry point that Ansible looks for."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        return {"ipv4_address": ipv4_address}
