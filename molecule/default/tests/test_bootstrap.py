"""What a host that had no Python looks like afterwards."""

from __future__ import annotations

import re

from testinfra.host import Host


def test_a_host_without_python_got_one(host: Host) -> None:
    with host.sudo():
        history = host.file("/var/log/apt/history.log").content_string
    # The other pair is that of Ubuntu 16.04.
    packages = r"(python3 python3-apt|python-minimal python-apt)"
    assert re.search(rf"purge python3\*.*apt-get -qy --no-install-recommends install {packages}", history, re.DOTALL)
