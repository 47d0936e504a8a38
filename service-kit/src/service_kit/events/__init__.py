"""Events over Kafka: publishing ends with an acknowledgement, consuming with a commit."""

from service_kit.events.consumer import Consumer
from service_kit.events.dead_letters import dead_letter_topic
from service_kit.events.delivery import Handle, TooManyInvalidEvents
from service_kit.events.message import InvalidEvent, Message, ReceivedEvent, cloud_event_headers
from service_kit.events.publisher import BrokerAway, MessagesRefused, Publisher
from service_kit.events.topics import ensure_topics

__all__ = [
    "BrokerAway",
    "Consumer",
    "Handle",
    "InvalidEvent",
    "Message",
    "MessagesRefused",
    "Publisher",
    "ReceivedEvent",
    "TooManyInvalidEvents",
    "cloud_event_headers",
    "dead_letter_topic",
    "ensure_topics",
]
