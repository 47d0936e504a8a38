"""Asks this container's admin port whether it is ready: `python -m service_kit.probe VARIABLE`."""

import http.client
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing

_SECONDS = 2.0


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """0 where `/readyz` answers with 200 on the port that the variable names, otherwise 1.

    Imports nothing but the standard library: an engine runs it every few seconds.
    """
    (variable,) = arguments
    host = environment.get("BIND_HOST") or "127.0.0.1"
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared
    port = int(environment[variable])
    with closing(http.client.HTTPConnection(reachable, port, timeout=_SECONDS)) as connection:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            print(answer.read().decode(errors="replace"))
        except OSError as error:
            print(error)
            return 1
    return int(answer.status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
