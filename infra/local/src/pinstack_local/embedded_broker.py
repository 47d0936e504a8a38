"""The process of the embedded broker: librdkafka's mock cluster, until a signal ends it.

Run as `python -m pinstack_local.embedded_broker ADDRESS_FILE`; it writes `host:port` there.
"""

import ctypes
import signal
import sys
from pathlib import Path

from confluent_kafka import cimpl

RD_KAFKA_PRODUCER = 0  # rd_kafka_type_t

# A group's first member waits so long for others. librdkafka's own three seconds would delay the
# start of every consumer, although only one can be served; zero never ends.
JOIN_DELAY_MS = 10


def start_cluster() -> str:
    """Start one broker that lives as long as this process, and return its `host:port`.

    Python's `Producer({"test.mock.num.brokers": 1})` makes the same cluster, but has no way to
    its settings: hence the C functions of rdkafka.h and rdkafka_mock.h, found through the
    extension module that is linked with them.
    """
    library = ctypes.CDLL(cimpl.__file__)
    library.rd_kafka_new.restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_new.restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    reason = ctypes.create_string_buffer(512)
    client = library.rd_kafka_new(RD_KAFKA_PRODUCER, None, reason, ctypes.c_size_t(len(reason)))
    if client is None:
        sys.exit(f"librdkafka: {reason.value.decode()}")
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(ctypes.c_void_p(client), 1))
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, JOIN_DELAY_MS)
    bootstrap: bytes = library.rd_kafka_mock_cluster_bootstraps(cluster)
    return bootstrap.decode()


def main(address_file: Path) -> None:
    """Serve the Kafka protocol, in memory, on a port that librdkafka picks."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # threads of librdkafka inherit the mask
    temporary = address_file.with_suffix(".tmp")
    temporary.write_text(start_cluster())
    temporary.replace(address_file)
    signal.sigwait(signals)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
