"""HTTP/1.1 as uvicorn speaks it, but for what is no HTTP: that too is refused in the envelope."""

import secrets

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api_gateway.adapters.http.answer import refused
from api_gateway.adapters.http.errors import InvalidInput


class EnvelopedHttp(HttpToolsProtocol):
    """Answers a request that cannot be parsed, before there is one for the application."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - says nothing of use
        """Refuse and hang up."""
        request_id = secrets.token_hex(16)
        body = refused(400, InvalidInput.code, InvalidInput.message, request_id=request_id).body
        lines = (
            "HTTP/1.1 400 Bad Request",
            "content-type: application/json",
            f"content-length: {len(body)}",
            f"x-request-id: {request_id}",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "connection: close",
        )
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()
