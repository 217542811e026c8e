"""A host whose Ansible interpreter is Python 2.7: what ran under it."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from testinfra.host import Host


@pytest.fixture
def interpreters(host: Host) -> dict[str, set[str]]:
    """The interpreters under which each module ran, from the log that the host's python2.7 keeps."""
    found = defaultdict(set)
    for line in host.file("/var/log/modules").content_string.splitlines():
        python, _, module = line.partition(" ")
        found[module.rpartition(".")[2]].add(python)
    return found


def test_python_2_7_was_installed_by_the_bootstrap(host: Host) -> None:
    with host.sudo():
        history = host.file("/var/log/apt/history.log").content_string
    assert re.search(r"purge \*python2\.7\*.*-recommends install python2\.7 python3-apt", history, re.DOTALL)


def test_every_module_but_that_of_apt_ran_under_python_2_7(interpreters: dict[str, set[str]]) -> None:
    elsewhere = {module for module, pythons in interpreters.items() if pythons != {"/usr/bin/python2.7"}}
    assert elsewhere == {"apt"}
    # Of each role at least one, our own among them.
    used = {"setup", "host_files", "copy", "file", "stat", "user", "group", "lineinfile", "systemd_service", "mount"}
    assert used <= interpreters.keys()
