"""The scripts that roles bring along, as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def load(role: str, name: str) -> ModuleType:
    """Import roles/<role>/files/<name>.py."""
    files = str(ROOT / "roles" / role / "files")
    # A script finds its parts beside it.
    if files not in sys.path:
        sys.path.append(files)
    spec = importlib.util.spec_from_file_location(name, Path(files, f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Data classes look their module up.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
