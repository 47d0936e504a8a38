"""One request as a route sees it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from service_kit.errors import Unauthenticated
from starlette.types import Scope

from api_gateway.adapters.http.errors import InvalidInput
from api_gateway.domain.principal import Principal

_MAX_QUERY_FIELDS: Final = 100


class Call:
    """Who calls, from where, with which header fields.

    `fields` are the header fields by their names in lower case, `principal` is None where the
    operation is open, `address` is the client's, `request_id` what logs and answers call this.
    `concerns` is another user, of whom something else is read once this has been done.
    """

    __slots__ = ("address", "concerns", "fields", "principal", "request_id", "scope")

    def __init__(self, scope: Scope, fields: Mapping[str, str], request_id: str) -> None:
        self.scope = scope
        self.fields = fields
        self.request_id = request_id
        self.address = ""
        self.principal: Principal | None = None
        self.concerns: int | None = None

    @property
    def caller(self) -> Principal:
        """Who calls an operation that needs a token."""
        if self.principal is None:
            raise Unauthenticated
        return self.principal

    @property
    def method(self) -> str:
        """The method, with HEAD as GET."""
        method: str = self.scope["method"]
        return "GET" if method == "HEAD" else method

    @property
    def path(self) -> str:
        """The path as it was asked for, percent-encoded."""
        raw: bytes | None = self.scope.get("raw_path")
        return raw.decode("ascii", "replace") if raw else str(self.scope["path"])

    def field(self, name: str) -> str | None:
        """A header field by its name in lower case."""
        return self.fields.get(name)

    def query(self) -> list[tuple[str, str]]:
        """The query, decoded. Raises InvalidInput where it is no UTF-8 or absurdly long."""
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return []
        try:
            return parse_qsl(
                raw.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MAX_QUERY_FIELDS,
            )
        except ValueError:
            raise InvalidInput from None

    def next_link(self, cursor: str) -> str:
        """The address of the next page of the same list, relative to this host; "" without one."""
        if not cursor:
            return ""
        kept = [(k, v) for k, v in self.query() if k not in ("cursor", "page", "offset")]
        return f"{self.path}?{urlencode([*kept, ('cursor', cursor)])}"
