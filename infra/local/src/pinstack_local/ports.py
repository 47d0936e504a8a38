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
    """Return `count` different ports that nobody has at this moment, or has reserved.

    The kernel does not give them to outgoing connections either, which would be in the way of
    whoever listens there later.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(_BELOW_EPHEMERAL)  # noqa: S311 -- no secret
        if port not in found and is_unclaimed(port):
            found.add(port)
    return list(found)


def free_port() -> int:
    """Return one port that nobody has at this moment, or has reserved."""
    return free_ports(1)[0]


def is_unclaimed(port: int, host: str = LOOPBACK) -> bool:
    """Say whether nobody listens there, is connected, or keeps it for a server that is to come.

    Without SO_REUSEADDR a bound socket is in the way, whoever listens.
    """
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


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
    """Keep ports from outgoing connections, and from other stacks, while the block runs.

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
    users = [(each, _user(each.port)) for each in wanted if not is_free(each.port, host)]
    problems = [*_wanted_twice(wanted), *(_in_use(each, user) for each, user in users)]
    if problems:
        passing = len(problems) == len(users) and all(user.is_passing for _, user in users)
        raise PortsTaken("\n".join(problems), passing=passing)


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


class _User(NamedTuple):
    """Who has a port, in words; `is_passing` for a connection rather than a server."""

    words: str
    is_passing: bool = False


def _in_use(wanted: WantedPort, user: _User) -> str:
    return (
        f"port {wanted.port}, wanted for {wanted.purpose}, is in use by {user.words}: "
        f"set {wanted.variable} to a free port, or stop what uses it"
    )


def _user(port: int) -> _User:
    """Find out who has a port, as far as this user may know.

    A server comes first. Without one it is an outgoing connection that happened to get the port,
    and keeps it for a minute after its end (TIME_WAIT): Linux gives it those from 32768 on.
    """
    try:
        found = [each for each in psutil.net_connections("tcp") if each.laddr[1:] == (port,)]
        servers = [each for each in found if each.status == psutil.CONN_LISTEN]
        owners = {each.pid: _name(each.pid) for each in servers or found if each.pid is not None}
    except psutil.Error:
        return _User("another process")
    owner = ", ".join(owners.values()) or "another process"
    if servers or not found:
        return _User(owner)
    return _User(f"an outgoing connection of {owner}", is_passing=True)


def _name(pid: int) -> str:
    return f"{psutil.Process(pid).name()} (pid {pid})"
