"""The live channel on the wire: WebSocket and Server-Sent Events over one core."""
