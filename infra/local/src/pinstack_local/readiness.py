"""Asking a process over HTTP whether it is ready."""

import http.client
from typing import NamedTuple


class Answer(NamedTuple):
    """An HTTP status and the beginning of the body; status 0 where nobody answered."""

    status: int
    body: str


def ask(host: str, port: int, path: str = "/readyz", timeout: float = 2) -> Answer:
    """GET `path`; a refused, broken or late connection is an answer too."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, response.read(2000).decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)
    finally:
        connection.close()
