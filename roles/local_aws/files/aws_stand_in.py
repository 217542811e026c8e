"""Serve moto's AWS API on this machine, with the gaps closed that our playbooks would fall into.

Usage: aws_stand_in.py ADDRESS PORT GUESTS FIRST_ADDRESS [CALLS]
  GUESTS         folder of the local_guest role: one folder a guest, with its record and its console log.
  FIRST_ADDRESS  IPv4 address that the first Elastic IP gets; the following get the following.
  CALLS          file to which every call is written, one JSON object a line: service, action, parameters.
"""

from __future__ import annotations

import json
import sys
from copy import copy
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aws_gaps import close_gaps
from moto.core.responses import ActionResult, BaseResponse
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.responses.general import General
from moto.server import main as serve

# EC2 keeps this much of a console.
CONSOLE_BYTES = 64 * 1024


def addresses_in_use() -> set[str]:
    """The Elastic IPs of all accounts and regions."""
    backends = (backend for account in ec2_backends.values() for backend in account.values())
    return {address.public_ip for backend in backends for address in backend.addresses}


def hand_out_addresses(first: IPv4Address) -> None:
    """Give Elastic IPs in order from `first`: moto's are random, ours must be those at which the guests answer."""
    allocate = ElasticAddressBackend.allocate_address

    def allocate_in_order(
        self: ElasticAddressBackend, domain: str, address: str | None = None, tags: dict[str, str] | None = None
    ) -> ElasticAddress:
        in_use, candidate = addresses_in_use(), first
        while str(candidate) in in_use:
            candidate += 1
        return allocate(self, domain, address or str(candidate), tags)

    ElasticAddressBackend.allocate_address = allocate_in_order  # type: ignore[method-assign]  # moto offers no hook


def console_of(guests: Path, address: str | None) -> str | None:
    """The end of the console log of the guest with the address; None if there is no such guest."""
    for record in guests.glob("*/guest.json"):
        if json.loads(record.read_text())["address"] == address:
            text = (record.parent / "console.log").read_bytes()[-CONSOLE_BYTES:]
            return text.decode(errors="replace")
    return None


def show_consoles(guests: Path) -> None:
    """Answer GetConsoleOutput with the guest's own console: hosts are pinned by it, and moto has one text for all."""

    def get_console_output(self: General) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        answer: dict[str, Any] = {"InstanceId": instance.id, "Timestamp": utcnow()}
        # Like an instance that has only just been started, one without a guest has none.
        if console := console_of(guests, instance.public_ip):
            answer["Output"] = Base64EncodedString.from_raw_string(console)
        return ActionResult(answer)

    General.get_console_output = get_console_output  # type: ignore[method-assign]  # moto offers no hook


def spoken(value: Any) -> Any:
    """What JSON has no word for; for databases moto reads parameters into a dictionary of its own."""
    return value.original_dict() if hasattr(value, "original_dict") else str(value)


def record_calls(calls: Path) -> None:
    """Write down what is asked, read by botocore's own model of the service, whichever way moto reads it."""
    set_up = BaseResponse.setup_class

    def setup_class(self: BaseResponse, request: Any, *others: Any, **named: Any) -> None:
        set_up(self, request, *others, **named)
        if action := self._get_action():
            reader = copy(self)
            reader.parse_parameters(request)
            call = {"service": self.boto3_service_name, "action": action, "parameters": reader.params}
            with calls.open("a") as file:
                file.write(json.dumps(call, default=spoken) + "\n")

    BaseResponse.setup_class = setup_class  # type: ignore[method-assign]  # moto offers no hook


def main(address: str, port: str, guests: str, first_address: str, calls: str = "") -> None:
    close_gaps()
    hand_out_addresses(IPv4Address(first_address))
    if calls:
        record_calls(Path(calls))
    show_consoles(Path(guests))
    serve(["--host", address, "--port", port])


if __name__ == "__main__":
    main(*sys.argv[1:])
