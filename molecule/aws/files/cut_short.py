"""Kill provisioning the moment AWS is asked for each of some things, one run after another: what follows must resume.

Usage: cut_short.py CALLS ACTION[,ACTION...] COMMAND...
  CALLS   file to which the stand-in writes every call before it answers it.
  ACTION  name of an API call, such as RunInstances; AWS does what was asked, and nobody is left to hear of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def cut(calls: Path, action: str, command: list[str]) -> bool:
    """Run the command, kill it and all that it started at its first such call; tell whether there was one."""
    run = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    # Follows what is written until the run is over, which it is only when somebody has waited for it.
    threading.Thread(target=run.wait).start()
    follow = ["/usr/bin/tail", "--lines=0", "--follow", f"--pid={run.pid}", str(calls)]
    with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as written:
        assert written.stdout
        for line in written.stdout:
            if json.loads(line)["action"] == action:
                os.killpg(run.pid, signal.SIGKILL)
                break
    return run.wait() == -signal.SIGKILL


def main(calls: str, actions: str, *command: str) -> None:
    for action in actions.split(","):
        if not cut(Path(calls), action, list(command)):
            sys.exit(f"Provisioning ended without {action}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
