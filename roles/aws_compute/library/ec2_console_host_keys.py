#!/usr/bin/python
"""Ansible module: the SSH host keys that an instance printed on its console."""

from __future__ import annotations

import re
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_console_host_keys
short_description: Read an instance's SSH host keys from its console
description:
  - cloud-init prints the public host keys on the console at the first boot, between two marker lines. EC2 hands that
    text out over its authenticated API, so a key read here cannot come from somebody between us and the host.
  - Changes nothing; in check mode it looks once. Region, endpoint and credentials come from the environment, as for
    any AWS tool.
options:
  instance_id:
    description: Id of the instance.
    type: str
    required: true
  key_type:
    description: The type of key to return.
    type: str
    default: ssh-ed25519
  timeout:
    description: Seconds to keep looking while the console shows no such key; then the module fails. With 0 it looks
      once and does not fail.
    type: int
    default: 0
  interval:
    description: Seconds between two looks.
    type: int
    default: 15
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Read the host key
  ec2_console_host_keys:
    instance_id: i-0123456789abcdef0
    timeout: 600
  register: console
"""

RETURN = """
host_key:
  description: Type and key, as a known_hosts file has them after the host's name; empty while the console shows none.
  type: str
  returned: always
  sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI...
"""

BLOCK = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)


def host_key(console: str, key_type: str) -> str:
    """Return "type key" of the newest complete block of keys on a console; empty when there is none.

    The console of Xen instances prefixes lines (time stamps, "ci-info:"), so the key is searched for within each line.
    """
    blocks = BLOCK.findall(console)
    found = re.search(rf"({re.escape(key_type)} [A-Za-z0-9+/]+=*)(?:\s|$)", blocks[-1]) if blocks else None
    return found.group(1) if found else ""


def console_of(instance_id: str) -> str:
    """Fetch the console's text, empty while EC2 has none."""
    # A missing boto3 is reported by main.
    import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

    output: dict[str, Any] = boto3.client("ec2").get_console_output(InstanceId=instance_id)
    # botocore has already undone the base64 of the wire.
    return str(output.get("Output", ""))


def wait_for_key(instance_id: str, key_type: str, timeout: int, interval: int) -> str:
    """Look until the key is there or the time, in seconds, is over; return the key or nothing."""
    end = time.monotonic() + timeout
    while not (key := host_key(console_of(instance_id), key_type)) and time.monotonic() < end:
        time.sleep(interval)
    return key


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "instance_id": {"type": "str", "required": True},
            "key_type": {"type": "str", "default": "ssh-ed25519", "no_log": False},
            "timeout": {"type": "int", "default": 0},
            "interval": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    instance_id, timeout = module.params["instance_id"], 0 if module.check_mode else module.params["timeout"]
    try:
        key = wait_for_key(instance_id, module.params["key_type"], timeout, module.params["interval"])
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"EC2 gave no console of {instance_id}: {error}")
    if timeout and not key:
        module.fail_json(
            msg=f"The console of {instance_id} shows no {module.params['key_type']} host key after {timeout} s. "
            "EC2 may be late: run provision again. If it stays so, the image does not print its keys."
        )
    module.exit_json(changed=False, host_key=key)


if __name__ == "__main__":
    main()
