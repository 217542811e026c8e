"""Run moto's server with a console that shows an SSH host key, as cloud-init prints it and plain moto does not.

Usage: stand_in.py PORT
"""

from __future__ import annotations

import sys

from moto.ec2.responses import general
from moto.server import main

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q root@ip-10-0-1-10"

general.SAMPLE_CONSOLE_OUTPUT = f"""[   12.345678] cloud-init[901]: Generating public/private ed25519 key pair.
-----BEGIN SSH HOST KEY KEYS-----
{HOST_KEY}
-----END SSH HOST KEY KEYS-----
[   13.456789] cloud-init[901]: Cloud-init finished.
"""

if __name__ == "__main__":
    main(["--host", "127.0.0.1", "--port", sys.argv[1]])
