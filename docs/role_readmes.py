"""Write every role's README.md from its meta/argument_specs.yml, so that the two cannot disagree.

Usage: role_readmes.py [--check]
  --check  write nothing; name each README that is stale or missing and exit 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"


def paragraphs(text: str | list[str]) -> str:
    """Join a description, which a spec may give as one string or as a list of paragraphs."""
    return text.strip() if isinstance(text, str) else "\n\n".join(part.strip() for part in text)


def cell(value: object) -> str:
    """Render a value for a Markdown table cell."""
    return str(value).replace("|", "\\|").replace("\n", " ").strip()


def default_of(option: dict[str, Any]) -> str:
    """Say what happens when the option is left out."""
    if option.get("required"):
        return "**required**"
    if "default" not in option:
        return "unset"
    value = option["default"]
    shown = value if isinstance(value, str) and value else yaml.safe_dump(value, default_flow_style=True, width=1000)
    return f"`{cell(shown.removesuffix('...' + chr(10)).strip())}`"


def option_rows(options: dict[str, Any], prefix: str = "") -> list[str]:
    """One table row per option; the keys of a dictionary follow their parent as `parent.key`."""
    rows = []
    for name, option in sorted(options.items()):
        kind = option.get("type", "str")
        if kind == "list" and "elements" in option:
            kind = f"list of {option['elements']}"
        about = paragraphs(option.get("description", ""))
        if "choices" in option:
            about += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        rows.append(f"| `{prefix}{name}` | {kind} | {default_of(option)} | {cell(about)} |")
        rows += option_rows(option.get("options", {}), f"{prefix}{name}.")
    return rows


def readme(role: Path) -> str:
    """Return the README of one role."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    parts = [f"# {role.name}", "<!-- Written by `make docs` from meta/argument_specs.yml: edit that file. -->"]
    for entry, spec in specs.items():
        if entry != "main":
            parts.append(f"## Entry point `{entry}`")
        parts.append(f"**{spec['short_description'].rstrip('.')}.**")
        if "description" in spec:
            parts.append(paragraphs(spec["description"]))
        if spec.get("options"):
            header = ["| Variable | Type | Default | What it does |", "|---|---|---|---|"]
            parts.append("\n".join(header + option_rows(spec["options"])))
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    stale = []
    for specs in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        target = specs.parent.parent / "README.md"
        text = readme(specs.parent.parent)
        if not target.exists() or target.read_text() != text:
            stale.append(target)
            if not check:
                target.write_text(text)
    for target in stale:
        print(f"{target.relative_to(ROLES.parent)} {'is stale: run `make docs`' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
