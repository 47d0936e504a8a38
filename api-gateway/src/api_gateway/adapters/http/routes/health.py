"""Whether the gateway lives, and whether it can serve: on the public port."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from api_gateway.adapters.http.answer import Answer, ok, refused
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import Access, Refusal, Success, operation
from api_gateway.adapters.http.schemas.envelopes import Error
from api_gateway.adapters.http.schemas.fields import Data

_ALIVE_EXAMPLE: Final = {"status": "ok", "service": "api-gateway"}
_READY_EXAMPLE: Final = {**_ALIVE_EXAMPLE, "dependencies": {"user-service": "ok"}}
_AWAY_EXAMPLE: Final = {
    **_ALIVE_EXAMPLE,
    "status": "degraded",
    "dependencies": {"user-service": "unavailable"},
}
Report = Callable[[], Awaitable[Mapping[str, Any]]]


class AliveData(Data):
    """A process that answers."""

    status: str
    service: str


class ReadyData(AliveData):
    """What the process depends on, each `ok` or what is wrong with it."""

    dependencies: dict[str, str]


class NotReadyError(Error):
    """An error that names what is away."""

    data: ReadyData


NOT_READY: Final = Refusal(
    503, "NOT_READY", "service unavailable", NotReadyError, {"data": _AWAY_EXAMPLE}
)


class HealthRoutes:
    """Operations for whoever watches the gateway."""

    def __init__(self, service: str, report: Report) -> None:
        """`report` gives `status`, `service` and the state of each of the `dependencies`."""
        self._service = service
        self._report = report

    @operation(
        "GET",
        "/livez",
        "isAlive",
        "Whether the process answers",
        access=Access.OPEN,
        success=Success(200, AliveData, _ALIVE_EXAMPLE),
        limit=None,
        prefix="",
    )
    async def alive(self) -> Answer:
        """Says nothing about what the process depends on."""
        return ok({"status": "ok", "service": self._service}).untagged()

    @operation(
        "GET",
        "/readyz",
        "isReady",
        "Whether requests can be served",
        access=Access.OPEN,
        success=Success(200, ReadyData, _READY_EXAMPLE),
        errors=(NOT_READY,),
        limit=None,
        prefix="",
    )
    async def ready(self, call: Call) -> Answer:
        """503 while nothing can be served; `data` names the state of each dependency in any case.

        While some of the services are away the status is `degraded`, and what does not need them is
        served.
        """
        report = await self._report()
        return _told(report, call, fine=report["status"] != "unavailable")

    @operation(
        "GET",
        "/health",
        "getHealth",
        "Whether everything is well",
        access=Access.OPEN,
        success=Success(200, ReadyData, _READY_EXAMPLE),
        errors=(NOT_READY,),
        limit=None,
        prefix="",
    )
    async def well(self, call: Call) -> Answer:
        """503 while anything at all is away; `data` names the state of each dependency."""
        report = await self._report()
        return _told(report, call, fine=report["status"] == "ok")


def _told(report: Mapping[str, Any], call: Call, *, fine: bool) -> Answer:
    if fine:
        return ok(report).untagged()
    return refused(
        NOT_READY.status,
        NOT_READY.code,
        NOT_READY.message,
        request_id=call.request_id,
        data=report,
    )
