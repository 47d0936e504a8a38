"""Whether a Docker engine answers, for servers in containers."""

import functools
import os
import socket
from urllib.parse import urlsplit

_DEFAULT = "unix:///var/run/docker.sock"
_PING = b"GET /_ping HTTP/1.0\r\n\r\n"


@functools.cache
def docker_answers() -> bool:
    """Whether there is a Docker engine to start containers with.

    Asked by hand: Docker's own client leaks the socket of an engine that is away.
    """
    address = urlsplit(os.environ.get("DOCKER_HOST", _DEFAULT))
    unix = address.scheme == "unix"
    try:
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as engine:
            engine.settimeout(2)
            engine.connect(address.path if unix else (address.hostname, address.port or 2375))
            engine.sendall(_PING)
            return engine.recv(12).startswith(b"HTTP/1.")
    except OSError:
        return False
