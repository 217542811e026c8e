"""Jinja tests on network addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network


def in_any_network(address: str, networks: Iterable[str]) -> bool:
    """Tell whether one of the networks (CIDR notation, IPv4 or IPv6) contains the address."""
    return any(ip_address(address) in ip_network(network) for network in networks)


class TestModule:
    """The entry point that Ansible looks for."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        return {"in_any_network": in_any_network}
