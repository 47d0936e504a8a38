"""What a client asks for on a live connection, carried out."""

from collections.abc import Awaitable, Callable
from typing import Final

from service_kit.errors import AppError, Unauthenticated

from api_gateway.application.live import closing
from api_gateway.application.live.commands import (
    Command,
    Ping,
    Pong,
    Read,
    ReadAll,
    Renew,
    Resume,
    Seen,
)
from api_gateway.application.live.connection import Connection
from api_gateway.application.live.frames import error_frame, plain_frame
from api_gateway.application.live.ports import MarkLimit, ReadMarks
from api_gateway.application.live.session import Phase
from api_gateway.application.ports import Tokens

_RESUME_FIRST: Final = ("RESUME_FIRST", "the first frame is resume")
_RESUMED_ALREADY: Final = ("RESUMED_ALREADY", "the connection is resumed already")
Mark = Read | ReadAll | Seen


async def _ignore(_user_id: int) -> None:
    """Nobody is told."""


class Dialogue:
    """Answers clients, one command after the other; other devices see what they read."""

    def __init__(
        self,
        marks: ReadMarks,
        tokens: Tokens,
        limit: MarkLimit,
        wrote: Callable[[int], Awaitable[None]] = _ignore,
    ) -> None:
        """`wrote` is told who has changed something, as it is of requests that do."""
        self._marks = marks
        self._tokens = tokens
        self._limit = limit
        self._wrote = wrote

    async def command(self, connection: Connection, command: Command) -> None:
        """Carry out what a client asks for; what is refused is answered with an error frame."""
        waiting = connection.session.phase is Phase.WAITING
        if isinstance(command, Resume) and not waiting:
            connection.refuse(*_RESUMED_ALREADY)
        elif isinstance(command, Mark) and waiting:
            connection.refuse(*_RESUME_FIRST)
        else:
            connection.understood()
            try:
                await self._carry_out(connection, command)
            except AppError as error:
                connection.offer([error_frame(error.code, error.message)])

    async def _carry_out(self, connection: Connection, command: Command) -> None:
        match command:
            case Resume(after_seq):
                connection.resume(after_seq)
            case Read() | ReadAll() | Seen():
                await self._limit.take_of(connection.principal.user_id)
                await self._mark(connection.principal.user_id, command)
            case Renew(access_token):
                await self._renew(connection, access_token)
            case Ping():
                connection.offer([plain_frame("pong")])
            case Pong():
                pass

    async def _mark(self, caller_id: int, mark: Mark) -> None:
        """One that failed may have been made all the same, so that is told too."""
        try:
            match mark:
                case Read(notification_id):
                    await self._marks.mark_read(notification_id, caller_id)
                case ReadAll(up_to_seq):
                    await self._marks.mark_all_read(caller_id, up_to_seq)
                case Seen(up_to_seq):
                    await self._marks.mark_seen(caller_id, up_to_seq)
        finally:
            await self._wrote(caller_id)

    async def _renew(self, connection: Connection, access_token: str) -> None:
        try:
            principal = await self._tokens.verify(access_token)
        except Unauthenticated as error:
            connection.close(closing.refusal(error))
            return
        if principal.user_id == connection.principal.user_id:
            connection.renew(principal)
        else:
            connection.close(closing.OTHER_USER)
