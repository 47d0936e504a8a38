"""What happens in inboxes, live from notification-service; and what was missed there."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import grpc
from opentelemetry.trace import SpanKind
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.notification.v1.notification_pb2 import SubscribeRequest, SubscribeResponse
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import logs, tracing
from service_kit.backoff import Delays
from service_kit.timestamps import timestamp_from_pb

from api_gateway.adapters.grpc.notifications import notification_from_pb
from api_gateway.application.live.inbox import (
    Delivered,
    Entry,
    Happening,
    InboxState,
    MediaChanged,
    Missed,
    Subscribed,
    UnreadChanged,
    Withdrawn,
)
from api_gateway.application.live.ports import Listener

Call = grpc.aio.StreamStreamCall[SubscribeRequest, SubscribeResponse]

SERVICE: Final = notification_pb2.DESCRIPTOR.services_by_name["NotificationService"]
_SPAN: Final = f"{SERVICE.full_name}/Subscribe deliver"
_CHUNK: Final = 500
"""User ids in one request."""

_SILENCE_SECONDS: Final = 60.0
"""A stream that says nothing for so long, not even Heartbeat, is broken."""


class GrpcInboxes:
    """Inboxes of notification-service, as one catches up with them."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def list_since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        """What follows `after_seq`, tombstones included. Raises Unavailable, DeadlineExceeded."""
        request = notification_pb2.ListSinceRequest(
            user_id=user_id, after_seq=after_seq, limit=limit
        )
        answer = await self._stub.ListSince(request)
        return Missed(
            entries=tuple(entry_from_pb(one) for one in answer.notifications),
            state=InboxState(answer.last_seq, answer.unread),
        )


class NotificationStream:
    """One replica of notification-service; a stream that breaks is opened again for ever."""

    def __init__(
        self,
        stub: NotificationServiceStub,
        address: str,
        delays: Delays = Delays(first=0.1, longest=5.0),  # noqa: B008 - frozen
        silence_seconds: float = _SILENCE_SECONDS,
    ) -> None:
        self._stub = stub
        self._log = logs.get(__name__).bind(address=address)
        self._delays = delays
        self._silence_seconds = silence_seconds
        self._failures = 0
        self._heard_at = 0.0
        self._wanted: dict[int, bool] = {}
        self._news = asyncio.Event()

    def subscribe(self, user_ids: Iterable[int]) -> None:
        """Want to hear of them; those of one event-loop turn are one request."""
        self._want(user_ids, True)

    confirm = subscribe
    """One that is subscribed is acknowledged again."""

    def unsubscribe(self, user_ids: Iterable[int]) -> None:
        """Want no longer to hear of them."""
        self._want(user_ids, False)

    async def run(self, listener: Listener) -> None:
        """Tell `listener` what happens, for ever."""
        while True:
            reason = await self._until_broken(listener)
            listener.lost(self)
            self._failures += 1
            delay = self._delays.after(self._failures)
            self._log.warning("notification stream broken", reason=reason, retry_in=delay)
            await asyncio.sleep(delay)

    def _want(self, user_ids: Iterable[int], wanted: bool) -> None:
        self._wanted.update(dict.fromkeys(user_ids, wanted))
        self._news.set()

    async def _until_broken(self, listener: Listener) -> str:
        """One stream, from its beginning to the reason for its end."""
        call: Call = self._stub.Subscribe()
        self._wanted = dict.fromkeys(listener.user_ids(), True)
        self._news.set()
        parts = [
            asyncio.create_task(self._read(call, listener), name="notification stream in"),
            asyncio.create_task(self._write(call), name="notification stream out"),
            asyncio.create_task(self._listen(), name="notification stream silence"),
        ]
        try:
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            return await _reason(ended.pop())
        finally:
            call.cancel()
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _write(self, call: Call) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            wanted, self._wanted = self._wanted, {}
            for request in requests_for(wanted):
                await call.write(request)

    async def _read(self, call: Call, listener: Listener) -> None:
        while True:
            message = await call.read()
            self._heard_at = time.monotonic()
            if not isinstance(message, SubscribeResponse):
                return
            if self._failures:
                self._log.info("notification stream restored")
                self._failures = 0
            self._tell(message, listener)

    async def _listen(self) -> None:
        """Raise TimeoutError after a silence; one timer costs less than one for each message."""
        self._heard_at = time.monotonic()
        left = self._silence_seconds
        while left > 0:
            await asyncio.sleep(left)
            left = self._heard_at + self._silence_seconds - time.monotonic()
        raise TimeoutError

    def _tell(self, message: SubscribeResponse, listener: Listener) -> None:
        what = happening_from_pb(message)
        if isinstance(what, Delivered) and what.traceparent and not tracing.is_off():
            parent = tracing.extract_context({"traceparent": what.traceparent})
            with tracing.span(_SPAN, parent=parent, kind=SpanKind.CONSUMER):
                listener.happened(self, what)
        elif what is not None:
            listener.happened(self, what)


async def _reason(ended: asyncio.Task[None]) -> str:
    """Why one part of a stream has ended. Raises what has nothing to do with the network."""
    try:
        await ended
    except grpc.aio.AioRpcError as error:
        return error.code().name
    except (asyncio.InvalidStateError, TimeoutError) as error:
        return type(error).__name__
    return "ended"


def requests_for(wanted: dict[int, bool]) -> Iterable[SubscribeRequest]:
    """The requests that make a replica know who is wanted and who no longer is, in chunks."""
    going = [user_id for user_id, still in wanted.items() if not still]
    coming = [user_id for user_id, still in wanted.items() if still]
    for start in range(0, len(going), _CHUNK):
        some = going[start : start + _CHUNK]
        yield SubscribeRequest(unsubscribe=SubscribeRequest.Unsubscribe(user_ids=some))
    for start in range(0, len(coming), _CHUNK):
        some = coming[start : start + _CHUNK]
        yield SubscribeRequest(subscribe=SubscribeRequest.Subscribe(user_ids=some))


def entry_from_pb(message: notification_pb2.NotificationResponse) -> Entry:
    """One place of an inbox."""
    return Entry(notification_from_pb(message), withdrawn=message.withdrawn)


def happening_from_pb(message: SubscribeResponse) -> Happening | None:
    """What a frame of the stream tells; None for a heartbeat, and for what is newer than this."""
    match message.WhichOneof("frame"):
        case "subscribed":
            one = message.subscribed
            due_seq = one.due_seq if one.HasField("due_seq") else None
            return Subscribed(one.user_id, InboxState(one.last_seq, one.unread), due_seq)
        case "notification":
            return _delivered(message.notification)
        case "withdrawn":
            gone = message.withdrawn
            return Withdrawn(gone.user_id, gone.notification_id, gone.seq, gone.unread)
        case "unread_changed":
            return _changed(message.unread_changed)
        case "media":
            media = message.media
            return MediaChanged(media.user_id, media.media_id, media.state)
        case _:
            return None


def _changed(message: SubscribeResponse.UnreadChanged) -> UnreadChanged:
    has = message.HasField
    return UnreadChanged(
        user_id=message.user_id,
        unread=message.unread,
        read_ids=tuple(message.read_ids),
        read_up_to_seq=message.read_up_to_seq if has("read_up_to_seq") else None,
        seen_up_to_seq=message.seen_up_to_seq if has("seen_up_to_seq") else None,
        unseen=message.unseen,
        archived_ids=tuple(message.archived_ids),
        unarchived_ids=tuple(message.unarchived_ids),
    )


def _delivered(message: SubscribeResponse.Delivery) -> Delivered:
    return Delivered(
        entry=entry_from_pb(message.notification),
        unread=message.unread,
        committed_at=timestamp_from_pb(message.committed_at).timestamp(),
        traceparent=message.traceparent,
        silent=message.silent,
    )
