"""The process of the embedded broker: librdkafka's mock cluster, until a signal ends it.

Run as `python -m pinstack_local.embedded_broker ADDRESS_FILE`; it writes `host:port` there.
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer


def main(address_file: Path) -> None:
    """Serve the Kafka protocol, in memory, on a port that librdkafka picks."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # threads of librdkafka inherit the mask
    producer = Producer({"test.mock.num.brokers": 1})
    (broker,) = producer.list_topics(timeout=10).brokers.values()
    temporary = address_file.with_suffix(".tmp")
    temporary.write_text(f"{broker.host}:{broker.port}")
    temporary.replace(address_file)
    signal.sigwait(signals)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
