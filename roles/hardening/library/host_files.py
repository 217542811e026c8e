#!/usr/bin/python
"""Put many small files and folders of a host right in one step.

A loop would pay a connection and an interpreter for each.

Runs on the host, hence under Python 2.7 as well.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_native

# Python 2.7 has no typing; mypy takes this name for true.
MYPY = False
if MYPY:
    from typing import Any  # noqa: F401 - named in comments

DOCUMENTATION = r"""
module: host_files
short_description: Put many small files and folders of a host right in one step
options:
  entries:
    description: What shall be, in order. Nothing is removed.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      state: {description: What it is., type: str, choices: [file, directory], default: file}
      content: {description: The whole text of a file; without it an existing file keeps its own., type: str}
      regexp: {description: The last line that matches becomes C(line); without a match it is added., type: str}
      line: {description: See C(regexp)., type: str}
      owner: {description: User., type: str}
      group: {description: Group., type: str}
      mode: {description: Mode in octal, as a string., type: str}
      validate: {description: A command that judges a file before it is put in place; C(%s) is the file., type: str}
"""
ENTRY = {
    "path": {"type": "path", "required": True},
    "state": {"choices": ["file", "directory"], "default": "file"},
    "content": {"type": "str"},
    "regexp": {"type": "str"},
    "line": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "str"},
    "validate": {"type": "str"},
}


def read(path):  # type: (str) -> str
    """Return the text of a file, empty when there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, "rb") as stream:
        return str(to_native(stream.read()))


def wanted(entry, before):  # type: (dict[str, Any], str) -> str
    """Return the text that a file shall have."""
    if entry["content"] is not None:
        return str(entry["content"])
    if entry["line"] is None:
        return before
    lines = before.splitlines()
    found = [number for number, line in enumerate(lines) if re.search(entry["regexp"], line)]
    if found:
        lines[found[-1]] = entry["line"]
    else:
        lines.append(entry["line"])
    return "\n".join(lines) + "\n"


class Step:
    """One run of the module."""

    def __init__(self, module):  # type: (AnsibleModule) -> None
        self.module = module
        self.changed = []  # type: list[str]
        self.diff = []  # type: list[dict[str, str]]

    def apply(self, entry):  # type: (dict[str, Any]) -> None
        path = entry["path"]
        missing = not os.path.exists(path)
        if missing and entry["state"] == "file" and entry["content"] is None:
            # A preview cannot know what a package will bring.
            if not self.module.check_mode:
                self.module.fail_json(msg="{0} does not exist; which package brings it?".format(path))
            return
        changed = self.directory(path) if entry["state"] == "directory" else self.text(entry)
        if not (missing and self.module.check_mode):
            changed |= self.rights(entry)
        if changed:
            self.changed.append(path)

    def directory(self, path):  # type: (str) -> bool
        if os.path.isdir(path):
            return False
        if not self.module.check_mode:
            os.makedirs(path)
        return True

    def text(self, entry):  # type: (dict[str, Any]) -> bool
        path = entry["path"]
        before = read(path) if entry["content"] is not None or entry["line"] is not None else ""
        after = wanted(entry, before)
        if after == before and os.path.exists(path):
            return False
        self.diff.append({"before_header": path, "after_header": path, "before": before, "after": after})
        handle, draft = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(handle, "wb") as stream:
            stream.write(to_bytes(after))
        if entry["validate"]:
            code, out, err = self.module.run_command(entry["validate"] % draft)
            if code:
                self.module.fail_json(msg="{0} was refused and left as it was: {1}".format(path, (err or out).strip()))
        if not self.module.check_mode:
            if not os.path.exists(path):
                os.chmod(draft, int(entry["mode"] or "0644", 8))
            self.module.atomic_move(draft, path)
        return True

    def rights(self, entry):  # type: (dict[str, Any]) -> bool
        path = entry["path"]
        changed = self.module.set_owner_if_different(path, entry["owner"], False)
        changed = self.module.set_group_if_different(path, entry["group"], changed)
        return bool(self.module.set_mode_if_different(path, entry["mode"], changed))


def main():  # type: () -> None
    """Answer Ansible."""
    module = AnsibleModule(
        {"entries": {"type": "list", "elements": "dict", "required": True, "options": ENTRY}}, supports_check_mode=True
    )
    step = Step(module)
    for entry in module.params["entries"]:
        step.apply(entry)
    module.exit_json(changed=bool(step.changed), paths=step.changed, diff=step.diff)


if __name__ == "__main__":
    main()
