"""From method and path to what serves them: one table, static paths before templates."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar
from urllib.parse import unquote

from starlette.routing import compile_path

from api_gateway.adapters.http.errors import MethodNotAllowed, PathNotFound, UpgradeRequired

WEBSOCKET: Final = "WEBSOCKET"
_SLASH: Final = "%2f"
T = TypeVar("T")


@dataclass(slots=True)
class _Resource(Generic[T]):
    """One path template, and what serves each of its methods."""

    template: str
    pattern: re.Pattern[str]
    methods: dict[str, T] = field(default_factory=dict)

    @property
    def allow(self) -> str:
        """The value of Allow: what the path can be asked for."""
        names = {"GET" if name == WEBSOCKET else name for name in self.methods}
        if "GET" in self.methods:
            names.add("HEAD")
        return ", ".join(sorted(names | {"OPTIONS"}))


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What a request asks for. `target` is None for OPTIONS."""

    template: str
    resource: "_Resource[T]"
    target: T | None
    parameters: Mapping[str, str]

    @property
    def allow(self) -> str:
        """The value of Allow: what the path can be asked for."""
        return self.resource.allow


class Dispatch(Generic[T]):
    """The table of all operations. A trailing slash is the same path; HEAD is GET."""

    def __init__(self, entries: Sequence[tuple[str, str, T]]) -> None:
        """`entries` are (method or WEBSOCKET, path template, target)."""
        self._static: dict[str, _Resource[T]] = {}
        self._templates: dict[int, list[_Resource[T]]] = {}
        resources: dict[str, _Resource[T]] = {}
        for method, path, target in entries:
            if path not in resources:
                resources[path] = self._add(path)
            if resources[path].methods.setdefault(method, target) is not target:
                raise ValueError(f"two operations for {method} {path}")

    def _add(self, path: str) -> _Resource[T]:
        pattern, template, convertors = compile_path(path)
        resource: _Resource[T] = _Resource(template, pattern)
        if convertors:
            self._templates.setdefault(path.count("/"), []).append(resource)
        else:
            self._static[path] = resource
        return resource

    def find(self, method: str, path: str, raw_path: str) -> Match[T]:
        """What serves a request for a path, decoded and as it was sent.

        Raises PathNotFound, MethodNotAllowed or UpgradeRequired.
        """
        if _SLASH in raw_path.lower():
            resource, parameters = self._by_segments(raw_path)
        else:
            resource, parameters = self._resource(path)
        name = "GET" if method == "HEAD" else method
        if name in resource.methods:
            target = resource.methods[name]
            return Match(resource.template, resource, target, parameters)
        if method == "OPTIONS":
            return Match(resource.template, resource, None, parameters)
        if method == WEBSOCKET:
            raise PathNotFound
        if name == "GET" and WEBSOCKET in resource.methods:
            raise UpgradeRequired
        raise MethodNotAllowed(resource.allow)

    def _resource(self, path: str) -> tuple[_Resource[T], Mapping[str, str]]:
        if len(path) > 1 and path.endswith("/"):
            path = path[:-1]
        if path in self._static:
            return self._static[path], {}
        for resource in self._templates.get(path.count("/"), ()):
            if match := resource.pattern.match(path):
                return resource, match.groupdict()
        raise PathNotFound

    def _by_segments(self, raw_path: str) -> tuple[_Resource[T], Mapping[str, str]]:
        """The same where a slash is part of a parameter (RFC 3986, 2.2)."""
        segments = [unquote(part) for part in raw_path.removesuffix("/").split("/")]
        for resource in self._templates.get(len(segments) - 1, ()):
            pairs = list(zip(resource.template.split("/"), segments, strict=True))
            if all(name == text or (name.startswith("{") and text) for name, text in pairs):
                return resource, {name[1:-1]: text for name, text in pairs if name[:1] == "{"}
        raise PathNotFound
