"""A program that stands in for a service: `stand_in.py PREFIX [MODE]`.

It serves `/readyz` and `/environment/NAME` on its admin port and on the port of its clients. Modes:
`serve`; `fail` ends at once with 3; `unready` never gets ready; `stubborn` ignores SIGTERM.
"""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers two paths."""

    ready = True

    def do_GET(self) -> None:
        """Be ready, or show one variable."""
        name = self.path.removeprefix("/environment/")
        body = "waiting for tea" if self.path == "/readyz" else os.environ.get(name, "")
        self.send_response(200 if self.ready or self.path != "/readyz" else 503)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep the log for what matters."""


def serve(port: int) -> None:
    """Serve in the background."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(prefix: str, mode: str = "serve") -> None:
    """Behave as told until a signal comes."""
    if mode == "fail":
        sys.exit("the shop is closed: ADDRESS is not set")
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Handler.ready = mode != "unready"
    main_port = os.environ.get(f"{prefix}_GRPC_PORT") or os.environ[f"{prefix}_PORT"]
    for port in (main_port, os.environ[f"{prefix}_ADMIN_PORT"]):
        serve(int(port))
    print("serving", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
