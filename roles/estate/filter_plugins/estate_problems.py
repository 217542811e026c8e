"""What is wrong with an estate's variables, in sentences that say what to type."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from botocore.session import get_session

# 2.16 is the last line that manages hosts with Python 2.7.
CORE_OLDEST, CORE_BELOW = (2, 16, 11), (2, 17)
# A source broader than this is no restriction: a /8, or one provider's whole IPv6 allocation.
BROADEST_SOURCE = {4: 8, 6: 32}


def core_problems(version: str) -> Iterator[str]:
    """Judge the version of ansible-core, such as 2.16.19."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if not CORE_OLDEST <= numbers < CORE_BELOW:
        yield f"ansible-core {version} is not in [2.16.11, 2.17): type `make venv` and use .venv/controller/bin."


def source_problems(cidrs: object) -> Iterator[str]:
    """Judge the networks from which SSH is allowed."""
    if not cidrs or isinstance(cidrs, str) or not isinstance(cidrs, Sequence):
        yield (
            "estate_ssh_allowed_cidrs is required, a list of the networks from which you use SSH: "
            """type -e '{"estate_ssh_allowed_cidrs": ["YOUR.PUBLIC.ADDRESS/32"]}' or set it in the inventory."""
        )
        return
    for cidr in cidrs:
        try:
            network = ip_network(cidr)
        except ValueError as error:
            yield f"estate_ssh_allowed_cidrs: {error}; write a network such as 192.0.2.10/32 or 192.0.2.0/24."
            continue
        if "/" not in cidr:
            yield f"estate_ssh_allowed_cidrs: {cidr} is an address; write {network}."
        elif network.prefixlen < BROADEST_SOURCE[network.version]:
            yield f"estate_ssh_allowed_cidrs: {cidr} opens SSH to the internet; name the networks that you work from."


def access_problems(access: str, bastion: str, group: str) -> Iterator[str]:
    """Judge the bastion, when SSH goes through one."""
    if access == "bastion" and not re.fullmatch(r"[a-z_][a-z0-9_-]*@[A-Za-z0-9.:-]+", bastion):
        yield f"estate_ssh_bastion: `{bastion}` is not user@host; write one such as ubuntu@bastion.example.com."
    if access == "bastion" and not re.fullmatch(r"sg-[0-9a-f]{8,17}", group):
        yield f"estate_ssh_bastion_group_id: `{group}` is not a security group; write one such as sg-0123456789abcdef0."


def endpoint_problems(environment: str, endpoint: str, process: Mapping[str, str]) -> Iterator[str]:
    """Judge where AWS calls would go: to the stand-in in one environment, to AWS itself in the others."""
    overrides = {
        name: value
        for name, value in sorted(process.items())
        if value and (name.startswith("AWS_ENDPOINT_URL") or name in {"AWS_URL", "EC2_URL"})
    }
    if endpoint and overrides.get("AWS_ENDPOINT_URL") != endpoint:
        yield f"The environment `{environment}` talks to a stand-in only: type `export AWS_ENDPOINT_URL={endpoint}`."
    if endpoint and process.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        yield f"`{environment}` would reach AWS itself: type `unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`."
    for name in overrides:
        if not endpoint or name != "AWS_ENDPOINT_URL":
            yield f"{name} would send calls of the environment `{environment}` elsewhere: type `unset {name}`."


def name_problems(name: str, account: str, role: str) -> Iterator[str]:
    """Judge the estate's name, which is part of bucket names, the account's id and the role to assume."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", name):
        yield f"estate_name: `{name}` cannot be part of a bucket's name; write 2 to 20 lower-case letters and digits."
    if account and not re.fullmatch(r"\d{12}", account):
        yield f"estate_aws_account_id: `{account}` is not an account; write its twelve digits in quotation marks."
    if role and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", role):
        yield f"estate_aws_role_arn: `{role}` is not a role; write one such as arn:aws:iam::123456789012:role/deploy."


def place_problems(region: str, domain: str, hostname: str) -> Iterator[str]:
    """Judge the region against botocore's own list, and the host name against its zone."""
    regions = get_session().get_available_regions("ec2")
    if region not in regions:
        yield f"estate_region: AWS has no region `{region}`; use one such as ap-southeast-2."
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", domain):
        yield f"estate_domain: `{domain}` is not a domain; write one that you own, such as example.com.au."
    elif not hostname.endswith(f".{domain}"):
        yield f"estate_hostname: {hostname} is not a name in the zone {domain}; write one such as app.{domain}."


def topology_problems(topology: str, database_url: str, access: str, endpoint: str) -> Iterator[str]:
    """Judge what several hosts cannot share, and how they are reached: they have no public address."""
    if topology == "scaled" and not endpoint:
        yield (
            "estate_topology: scaled has its network, database and edge, but no hosts yet (docs/aws.md), and would "
            "cost without serving; write estate_topology: single."
        )
    if topology == "scaled" and database_url.startswith("sqlite:"):
        yield (
            "estate_topology: scaled has several hosts, and SQLite is a file on one of them: take enssol_database_url "
            "out of the inventory (they then share PostgreSQL by RDS), or write estate_topology: single."
        )
    if topology == "scaled" and access == "cidrs":
        yield (
            "estate_ssh_access: the hosts of scaled have no public address to come to from estate_ssh_allowed_cidrs; "
            "write session_manager, endpoint or bastion."
        )


def estate_problems(estate: Mapping[str, Any], ansible_core: str) -> list[str]:
    """Return one sentence for each thing that would go wrong; an empty list is a go-ahead.

    :param estate: the estate_* variables without their prefix: name, environment, region, domain, hostname,
        topology, database_url,
        ssh_access, ssh_bastion, ssh_bastion_group_id, ssh_allowed_cidrs, aws_endpoint_url, aws_account_id, aws_role_arn
    :param ansible_core: version of ansible-core that is running
    """
    return [
        *core_problems(ansible_core),
        *endpoint_problems(estate["environment"], estate["aws_endpoint_url"], os.environ),
        *name_problems(estate["name"], estate["aws_account_id"], estate["aws_role_arn"]),
        *place_problems(estate["region"], estate["domain"], estate["hostname"]),
        *topology_problems(
            estate["topology"], estate["database_url"], estate["ssh_access"], estate["aws_endpoint_url"]
        ),
        *access_problems(estate["ssh_access"], estate["ssh_bastion"], estate["ssh_bastion_group_id"]),
        # What AWS itself leads to the host needs no network to be let in.
        *(source_problems(estate["ssh_allowed_cidrs"]) if estate["ssh_access"] in {"cidrs", "bastion"} else ()),
    ]


class FilterModule:
    """The entry point that Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"estate_problems": estate_problems}
