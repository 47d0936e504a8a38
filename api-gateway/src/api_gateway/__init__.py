"""REST, WebSocket and SSE edge of the platform."""
