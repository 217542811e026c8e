"""What is wrong with a plan of a VPC, in sentences that say what to type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations

# AWS: a VPC or a subnet holds between 16 and 65,536 addresses.
LARGEST, SMALLEST = 16, 28


def parse(name: str, cidr: str, problems: list[str]) -> IPv4Network | None:
    """Read one IPv4 network; note what is wrong with it."""
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        problems.append(f"{name}: {error}; write a network such as 10.0.0.0/16.")
        return None
    if not LARGEST <= network.prefixlen <= SMALLEST:
        problems.append(f"{name}: {cidr} is outside /{LARGEST} to /{SMALLEST}, which is what AWS accepts.")
    return network


def zone_problems(region: str, subnets: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Judge that zones are of the region."""
    for subnet in subnets:
        zone = subnet["zone"]
        if zone[:-1] != region or not zone[-1].isalpha():
            yield f"Subnet {subnet['name']}: {zone} is not a zone of {region}; write one such as {region}a."


def network_problems(subnets: list[Mapping[str, str]], vpc: str, region: str) -> list[str]:
    """Return one sentence for each thing that AWS would refuse.

    :param subnets: each with name, cidr and zone
    :param vpc: the VPC's network in CIDR notation
    :param region: AWS region
    """
    problems = list(zone_problems(region, subnets))
    whole = parse("aws_network_cidr", vpc, problems)
    parsed = [(subnet["name"], parse(f"Subnet {subnet['name']}", subnet["cidr"], problems)) for subnet in subnets]
    known = [(name, network) for name, network in parsed if network]
    problems += [
        f"Subnet {name}: {network} is not inside the VPC, {whole}; choose one inside it."
        for name, network in known
        if whole and not network.subnet_of(whole)
    ]
    problems += [
        f"Subnets {one} ({first}) and {other} ({second}) overlap; give each its own range."
        for (one, first), (other, second) in combinations(known, 2)
        if first.overlaps(second)
    ]
    names = [subnet["name"] for subnet in subnets]
    problems += [f"Two subnets are called {name}; rename one." for name in sorted(set(names)) if names.count(name) > 1]
    return problems


class FilterModule:
    """The entry point that Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"network_problems": network_problems}
