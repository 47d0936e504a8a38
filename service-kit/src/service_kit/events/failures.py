"""What aiokafka raises when a broker is away."""

from typing import Final

from aiokafka import errors as kafka

# uvloop answers a write to a connection that has just closed with a bare RuntimeError, and aiokafka
# passes it on: from the consumer's coordination as from a request.
AWAY: Final = (kafka.KafkaError, OSError, TimeoutError, RuntimeError)
