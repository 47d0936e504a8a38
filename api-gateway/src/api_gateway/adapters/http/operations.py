"""Operations of the API: what a route declares once, for serving and for the OpenAPI document."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel

from api_gateway.adapters.http.answer import Answer

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[..., Awaitable[Answer]]
API: Final = "/api/v1"


class Access(Enum):
    """Who may call: everybody, everybody with a token, or that depends on the settings (reads)."""

    OPEN = "open"
    TOKEN = "token"  # noqa: S105 - no password
    READ = "read"


class Hot(Enum):
    """Whose answers to a read may be given again for a moment."""

    SHARED = "the same for everybody"
    OWN = "each caller's own"


@dataclass(frozen=True, slots=True)
class Success:
    """What an operation answers when all is well.

    `data` is the model of what stands in the envelope (None: 204, or an envelope without data),
    `example` an instance of it as JSON. `bare` names the media type of an answer that stands
    outside the envelope; `also` are other statuses that are no errors, with their meanings.
    """

    status: int = 200
    data: type[BaseModel] | None = None
    example: object = None
    message: str = "ok"
    bare: str = ""
    also: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that an operation may answer besides those that come with every operation.

    `model` is its envelope where that says more than every error does, `more` an example of it.
    """

    status: int
    code: str
    message: str
    model: type[BaseModel] | None = None
    more: Mapping[str, object] = field(default_factory=dict, hash=False)


FORBIDDEN: Final = Refusal(403, "FORBIDDEN", "forbidden")
USER_NOT_FOUND: Final = Refusal(404, "USER_NOT_FOUND", "user not found")
OWNED_NOTIFICATION: Final = (
    Refusal(403, "NOTIFICATION_ACCESS_DENIED", "access to notification denied"),
    Refusal(404, "NOTIFICATION_NOT_FOUND", "notification not found"),
)
MEDIA_NOT_FOUND: Final = Refusal(404, "MEDIA_NOT_FOUND", "media not found")
PRECONDITION_FAILED: Final = Refusal(412, "PRECONDITION_FAILED", "precondition failed")


@dataclass(frozen=True, slots=True)
class Field:
    """A header field that an operation reads; `rules` are those of its JSON Schema."""

    name: str
    meaning: str
    rules: Mapping[str, object]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` is the whole template; `service` is who does the work behind it.

    `limit` is the scope of a rate limit of its own, None for no limit at all; `conditional`
    operations honour If-Match; those that hash a password may take longer than others. Answers
    of `hot` reads are given again for a moment; `apart` names the path parameter that is a user's
    id, where that user is answered more than others are. The body
    of `takes` is no JSON but of that media type, and passed on while it comes. `options` are
    fields that the answer to OPTIONS has besides, `always` those of all other answers.
    """

    method: Method
    path: str
    id: str
    summary: str
    tag: str
    access: Access
    success: Success
    errors: tuple[Refusal, ...] = ()
    service: str = ""
    limit: str | None = ""
    conditional: bool = False
    hashes: bool = False
    hot: Hot | None = None
    apart: str = ""
    example: Mapping[str, object] | None = None
    deprecated: bool = False
    takes: str = ""
    fields: tuple[Field, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    always: tuple[tuple[str, str], ...] = ()

    @property
    def idempotent(self) -> bool:
        """Whether Idempotency-Key is honoured: every POST with a token, but for streams."""
        return self.method == "POST" and self.access is Access.TOKEN and not self.takes

    @property
    def changes_profile(self) -> bool:
        """Whether it may change the caller's profile."""
        return self.service == "user-service" and self.method != "GET"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and the bound method that serves it."""

    operation: Operation
    handler: Handler


F = TypeVar("F", bound=Callable[..., Awaitable[Answer]])


def operation(
    method: Method,
    path: str,
    id: str,
    summary: str,
    *,
    access: Access,
    success: Success | None = None,
    errors: tuple[Refusal, ...] = (),
    limit: str | None = "",
    conditional: bool = False,
    hashes: bool = False,
    hot: Hot | None = None,
    apart: str = "",
    example: Mapping[str, object] | None = None,
    deprecated: bool = False,
    takes: str = "",
    fields: tuple[Field, ...] = (),
    options: tuple[tuple[str, str], ...] = (),
    always: tuple[tuple[str, str], ...] = (),
    prefix: str = API,
) -> Callable[[F], F]:
    """Declare that a method of a class of routes serves `method` on `prefix + path`.

    Parameters of the method are found by their annotations: `Call`, a path parameter by its name,
    `Annotated[Model, Query()]` for the query, any other model for the body. Repeat the decorator
    to serve a second form (its `id` must differ). `example` is one of the body.
    """

    def declare(function: F) -> F:
        declared: list[dict[str, Any]] = getattr(function, "__operations__", [])
        declared.insert(
            0,
            {
                "method": method,
                "path": prefix + path,
                "id": id,
                "summary": summary,
                "access": access,
                "success": success or Success(),
                "errors": errors,
                "limit": limit,
                "conditional": conditional,
                "hashes": hashes,
                "hot": hot,
                "apart": apart,
                "example": example,
                "deprecated": deprecated,
                "takes": takes,
                "fields": fields,
                "options": options,
                "always": always,
            },
        )
        function.__operations__ = declared  # type: ignore[attr-defined]
        return function

    return declare


def routes_of(resource: object, *, tag: str, service: str = "") -> Iterator[Route]:
    """The routes that an instance of a class of routes declares."""
    for name, operation in _operations(type(resource), tag, service):
        yield Route(operation, getattr(resource, name))


def declared_by(kind: type, *, tag: str, service: str = "") -> Iterator[Route]:
    """The same of the class itself: for the document, as nobody can call these handlers."""
    for name, operation in _operations(kind, tag, service):
        yield Route(operation, getattr(kind, name))


def _operations(kind: type, tag: str, service: str) -> Iterator[tuple[str, Operation]]:
    for name, function in vars(kind).items():
        for declared in getattr(function, "__operations__", ()):
            yield name, Operation(tag=tag, service=service, **declared)
