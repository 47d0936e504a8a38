"""The dependency rule as a test: the inner rings of a service import nothing foreign."""

import ast
import importlib.util
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

_RINGS = ("domain", "application")
_ALLOWED = frozenset({"service_kit.errors"})


def assert_pure(
    package: str,
    rings: Sequence[str] = _RINGS,
    allowed: Collection[str] = _ALLOWED,
) -> None:
    """Fail unless each ring of `package` imports only the standard library, `allowed` modules, and
    the rings up to itself (`rings` goes from the inside out), named absolutely.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is no package")
    root = Path(spec.submodule_search_locations[0])
    faults = [
        fault
        for number, ring in enumerate(rings)
        for path in _sources(root, ring)
        for fault in _faults(path, {*allowed, *(f"{package}.{r}" for r in rings[: number + 1])})
    ]
    if faults:
        raise AssertionError("imports that break the dependency rule:\n" + "\n".join(faults))


def _sources(root: Path, ring: str) -> list[Path]:
    found = [*root.glob(f"{ring}.py"), *root.glob(f"{ring}/**/*.py")]
    if not found:
        raise ValueError(f"{root.name} has no ring {ring!r}")
    return sorted(found)


def _faults(path: Path, allowed: set[str]) -> Iterator[str]:
    for line, module in _imports(ast.parse(path.read_text(), str(path))):
        if not _is_allowed(module, allowed):
            yield f"{path}:{line}: {module}"


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import; `from a import b` counts as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def _is_allowed(module: str, allowed: set[str]) -> bool:
    inside = any(module == name or module.startswith(f"{name}.") for name in allowed)
    return inside or module.partition(".")[0] in sys.stdlib_module_names
