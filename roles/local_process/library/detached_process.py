#!/usr/bin/python
"""Ansible module: a process on this machine that outlives the run which started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: detached_process
short_description: A listening process that outlives the run which started it
description:
  - Starts a command in a session of its own and waits until it accepts connections, for machines whose init system is
    not to be touched.
  - The process is recognised by a variable in its environment that names its log, never by a number in a file that may
    since belong to another process.
options:
  command:
    description: Program and arguments. A running process with others is replaced. Required to start.
    type: list
    elements: str
  environment:
    description: Variables added to those of the run.
    type: dict
    default: {}
  log:
    description: File that receives all the process prints; it also tells the process from all others.
    type: path
    required: true
  address:
    description: Address at which the process listens.
    type: str
    default: 127.0.0.1
  port:
    description: TCP port at which the process listens.
    type: int
    required: true
  state:
    description: C(started) means accepting connections; C(absent) ends the process and removes its log.
    type: str
    choices: [started, absent]
    default: started
  timeout:
    description: Seconds to wait for the first connection, and for the end.
    type: int
    default: 30
author: Enssol
"""

EXAMPLES = r"""
- name: Serve a folder
  detached_process:
    command: [python3, -m, http.server, --bind, 127.0.0.1, "8099"]
    log: /var/tmp/folder.log
    port: 8099
"""

RETURN = r"""
pid:
  description: Number of the process.
  type: int
  returned: when started
"""

MARK = "ENSSOL_DETACHED"
POLL_SECONDS = 0.05


class ProcessError(Exception):
    """Why the process cannot be had, in a sentence for the person who asked for it."""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False if it does not within the seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def marked(log: str) -> dict[int, list[str]]:
    """Processes that carry the mark of the log, with their commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if f"{MARK}={log}" in (entry / "environ").read_bytes().decode(errors="replace").split("\0"):
                found[int(entry.name)] = (entry / "cmdline").read_text().rstrip("\0").split("\0")
        except OSError:
            continue  # it ended as we looked
    return found


def ended(pid: int) -> bool:
    """Whether the process has given up all it held; its mark goes earlier than its port does.

    Its first thread may be gone while others still hold the port (proc(5): field 20 of stat counts them).
    """
    try:
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return True
    state, threads = fields[0], int(fields[17])
    return state in "ZX" and threads <= 1


def accepts(address: str, port: int) -> bool:
    """Whether something listens at the port."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def stop(log: str, seconds: float) -> None:
    """End the processes with the mark: politely, then not."""
    pids = set(marked(log))
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids & set(marked(log)):
            os.kill(pid, number)
        if wait_until(lambda: all(map(ended, pids)), seconds):
            return
    raise ProcessError(f"process {', '.join(map(str, sorted(pids)))} does not end")


def start(command: list[str], environment: dict[str, str], log: str, *, address: str, port: int, seconds: int) -> int:
    """Start the command and return its number once it accepts connections."""
    if accepts(address, port):
        raise ProcessError(f"port {port} of {address} is taken by another process: end it or choose another port")
    with Path(log).open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - no shell
            command,
            env={**os.environ, **environment, MARK: log},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if not wait_until(lambda: accepts(address, port) or process.poll() is not None, seconds):
        raise ProcessError(f"{command[0]} does not listen at {address}:{port} after {seconds} s; see {log}")
    if process.poll() is not None:
        last = Path(log).read_text(errors="replace").strip().splitlines()[-1:]
        raise ProcessError(f"{command[0]} ended at once: {' '.join(last) or f'exit code {process.returncode}'}")
    return process.pid


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "command": {"type": "list", "elements": "str"},
            "environment": {"type": "dict", "default": {}},
            "log": {"type": "path", "required": True},
            "address": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "required": True},
            "state": {"type": "str", "choices": ["started", "absent"], "default": "started"},
            "timeout": {"type": "int", "default": 30},
        },
        required_if=[("state", "started", ("command",))],
        supports_check_mode=True,
    )
    wanted = module.params
    log, address, port, seconds = (wanted[key] for key in ("log", "address", "port", "timeout"))
    running = marked(log)
    try:
        if wanted["state"] == "absent":
            changed = bool(running) or Path(log).exists()
            if not module.check_mode:
                stop(log, seconds)
                Path(log).unlink(missing_ok=True)
            module.exit_json(changed=changed)
        if list(running.values()) == [wanted["command"]] and accepts(address, port):
            module.exit_json(changed=False, pid=next(iter(running)))
        if module.check_mode:
            module.exit_json(changed=True)
        stop(log, seconds)
        environment = {key: str(value) for key, value in wanted["environment"].items()}
        pid = start(wanted["command"], environment, log, address=address, port=port, seconds=seconds)
        module.exit_json(changed=True, pid=pid)
    except ProcessError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
