"""The routes of the live channel, for `main` to mount.

Composition::

    sources = notification_sources(settings.peers.notification_grpc_address, settings.grpc)
    hub = Hub(GrpcInboxes(notification_channel), sources, revocations, Limits(...))
    dialogue = Dialogue(GrpcNotifications(notification_channel), tokens, rate_limits)
    live = live_routes(hub, dialogue, Callers(tokens, tickets, cors_origins), render)
    tasks.start(hub.run(), "live hub")
    await enter(serve_http(uvicorn.Config(app, **WEBSOCKETS), listener))
    stack.push_async_callback(hub.close)    # last in, so it is the first that ends

`hub.close()` sends every client away with a hint when to come back; it must end before uvicorn
does, and refuses those who come meanwhile. `drop_stuck_clients(listener)` is for the listener
before it serves.
"""

import socket
from typing import Any, Final

from starlette.routing import Route, WebSocketRoute

from api_gateway.adapters.live.callers import Callers
from api_gateway.adapters.live.sse import EventStreamEndpoint
from api_gateway.adapters.live.websocket import WebSocketEndpoint
from api_gateway.adapters.live.wire import MOST_BYTES, Encoder, Render
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.hub import Hub

WEBSOCKETS: Final[dict[str, Any]] = {
    "ws": "websockets-sansio",
    "ws_per_message_deflate": False,
    "ws_max_size": MOST_BYTES,
    "ws_ping_interval": 25.0,
    "ws_ping_timeout": 20.0,
}
"""For uvicorn: small frames, no compression (30 KiB a socket less), dead peers found by pings of
the protocol, which every client answers without knowing.
"""

_UNREAD_MILLISECONDS: Final = 30_000


def live_routes(
    hub: Hub,
    dialogue: Dialogue,
    callers: Callers,
    render: Render,
    prefix: str = "/api/v1/notification",
) -> list[Route | WebSocketRoute]:
    """Both carriers; an `AppError` that is raised before one is open is for the app to answer."""
    encoder = Encoder(render)
    return [
        WebSocketRoute(
            f"{prefix}/ws", WebSocketEndpoint(hub, dialogue, callers, encoder), name="live-ws"
        ),
        Route(
            f"{prefix}/stream",
            EventStreamEndpoint(hub, callers, encoder),
            methods=["GET"],
            name="live-stream",
        ),
    ]


def drop_stuck_clients(listener: socket.socket) -> None:
    """Have the kernel end connections, accepted from `listener`, whose client reads nothing.

    Closing waits for what is unsent; only this frees it where a client keeps its window shut
    (tcp(7), TCP_USER_TIMEOUT; accepted sockets inherit it).
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, _UNREAD_MILLISECONDS)
