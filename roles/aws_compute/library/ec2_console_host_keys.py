#!/usr/bin/python
"""Ansible module: the SSH host keys that an instance printed on its console."""

from __future__ import annotations

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

DOCUMENTATION = """
module: ec2_console_host_keys
short_description: Read an instance's SSH host keys from its console
description:
  - cloud-init prints the public host keys on the console at the first boot, between two marker lines. EC2 hands that text out
    over its authenticated API, so a key read here cannot come from somebody on the network between us and the host.
  - Changes nothing; the same in check mode. The region, the endpoint and the credentials come from the environment, as for any AWS tool.
options:
  instance_id:
    description: Id of the instance.
    type: str
    required: true
  key_type:
    description: The type of key to return.
    type: str
    default: ssh-ed25519
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Read the host key
  ec2_console_host_keys:
    instance_id: i-0123456789abcdef0
  register: console
  until: console.host_key
  retries: 40
  delay: 15
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
    import boto3  # noqa: PLC0415  (a missing boto3 is reported by main)

    output: dict[str, Any] = boto3.client("ec2").get_console_output(InstanceId=instance_id)
    # botocore has already undone the base64 of the wire.
    return str(output.get("Output", ""))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "instance_id": {"type": "str", "required": True},
            "key_type": {"type": "str", "default": "ssh-ed25519", "no_log": False},
        },
        supports_check_mode=True,
    )
    try:
        console = console_of(module.params["instance_id"])
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:  # noqa: BLE001
        module.fail_json(msg=f"EC2 gave no console of {module.params['instance_id']}: {error}")
    module.exit_json(changed=False, host_key=host_key(console, module.params["key_type"]))


if __name__ == "__main__":
    main()
