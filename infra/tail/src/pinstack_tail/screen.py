"""What `pinstack-tail` shows: lines that scroll, and below them where things stand."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pinstack_tail.client import Event, Feed, Offline, Online
from pinstack_tail.frames import (
    ArchivedElsewhere,
    Notification,
    ReadElsewhere,
    Refused,
    SeenElsewhere,
    Told,
    Unread,
    Withdrawn,
)
from pinstack_tail.words import headline, sentence

_STYLES: Final = {
    Online: "green",
    Offline: "yellow",
    Refused: "red",
    Withdrawn: "dim strike",
    Unread: "dim",
    ReadElsewhere: "dim",
    SeenElsewhere: "dim",
    ArchivedElsewhere: "dim",
}


class Screen:
    """A context manager; outside a terminal it prints lines and no status."""

    def __init__(self, who: str, console: Console) -> None:
        self._who = who
        self._console = console
        self._state = Text("connecting …", style="yellow")
        self._unread = 0
        self._live = Live(
            console=console, get_renderable=self._status, auto_refresh=False, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Add a line, and bring the status up to date."""
        match event:
            case Told(seq, _, notification):
                self._line(seq, notification, "bold")
            case Feed(notifications):
                self._console.print(Text(sentence(event), style="yellow"))
                for one in reversed(notifications):
                    self._line(one.seq, one, "dim" if one.is_read else "")
            case _:
                self._console.print(Text(f"{'':>6}  {sentence(event)}", style=_STYLES[type(event)]))
        self._remember(event)
        if self._live.is_started:
            self._live.refresh()

    def _line(self, seq: int, notification: Notification, style: str) -> None:
        at = datetime.fromisoformat(notification.created_at).astimezone()
        line = Text.assemble((f"{seq:>6}", "cyan"), "  ", (f"{at:%H:%M:%S}", "dim"), "  ")
        line.append(headline(notification), style=style)
        self._console.print(line)

    def _remember(self, event: Event) -> None:
        match event:
            case Offline(_, retry_in):
                self._state = Text(f"offline, back in {retry_in:.1f} s", style="yellow")
            case Refused() | SeenElsewhere():
                pass  # neither changes what is unread
            case _:
                self._unread = event.unread
                self._state = Text("live", style="green")

    def _status(self) -> Text:
        bell = "🔔" if self._unread else "🔕"
        return Text.assemble(f"{bell} {self._unread} unread · {self._who} · ", self._state)


def json_line(event: Event) -> str:
    """An event as one line of JSON, for programs."""
    return json.dumps({"event": type(event).__name__.lower(), **asdict(event)})


Show = Callable[[Event], None]
