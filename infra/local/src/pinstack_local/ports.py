"""TCP ports on this machine: which are free, and who has the others."""

import errno
import random
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import psutil
from pinstack_local.errors import PortsTaken

LOOPBACK = "127.0.0.1"
# Linux hands out ports from 32768 on to outgoing connections, other systems from 49152 on.
_BELOW_EPHEMERAL = range(20_000, 32_768)


class WantedPort(NamedTuple):
    """A port, the environment variable that chooses it, and what listens there."""

    port: int
    variable: str
    purpose: str


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nobody listens on at this moment.

    The kernel does not give them to outgoing connections either, which would be in the way of
    whoever listens there later.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(_BELOW_EPHEMERAL)  # noqa: S311 -- no secret
        if port not in found and is_free(port):
            found.add(port)
    return list(found)


def free_port() -> int:
    """Return one port that nobody listens on at this moment."""
    return free_ports(1)[0]


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen there.

    SO_REUSEADDR lets a port pass that only has connections in TIME_WAIT. SO_REUSEPORT stays off:
    gRPC servers set it, and would otherwise silently share the port of another stack.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def accepts(port: int, host: str = LOOPBACK) -> bool:
    """Say whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@contextmanager
def reserved(numbers: Iterable[int], host: str = LOOPBACK) -> Iterator[None]:
    """Keep ports from outgoing connections while the block runs.

    The kernel gives a connection any ephemeral port that nobody has bound, the default ports of
    gRPC services among them. A bound socket that does not listen prevents that, and does not hinder
    the server that listens there with SO_REUSEADDR, as all of ours do.
    """
    with ExitStack() as sockets:
        for number in numbers:
            place = sockets.enter_context(socket.socket())
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind((host, number))
        yield


def require_free(wanted: Sequence[WantedPort], host: str = LOOPBACK) -> None:
    """Raise PortsTaken with one line for every port that is in use or wanted twice."""
    problems = [*_wanted_twice(wanted), *_in_use(wanted, host)]
    if problems:
        raise PortsTaken("\n".join(problems))


def _wanted_twice(wanted: Iterable[WantedPort]) -> list[str]:
    first: dict[int, WantedPort] = {}
    problems = []
    for each in wanted:
        other = first.setdefault(each.port, each)
        if other is not each:
            problems.append(
                f"port {each.port} is wanted twice, by {other.variable} ({other.purpose}) and "
                f"{each.variable} ({each.purpose}): set one of them to another port"
            )
    return problems


def _in_use(wanted: Iterable[WantedPort], host: str) -> list[str]:
    return [
        f"port {each.port}, wanted for {each.purpose}, is in use by {_holder(each.port)}: "
        f"set {each.variable} to a free port, or stop what uses it"
        for each in wanted
        if not is_free(each.port, host)
    ]


def _holder(port: int) -> str:
    """Name the process that listens there, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status != psutil.CONN_LISTEN or not local or local.port != port:
                continue
            if connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"
