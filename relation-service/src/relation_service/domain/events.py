"""What happened between two people."""

from dataclasses import dataclass
from datetime import datetime

from relation_service.domain.models import Pair


@dataclass(frozen=True, slots=True)
class FollowCreated:
    """The follower began to follow the followee."""

    pair: Pair
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class FollowDeleted:
    """The follower no longer follows the followee."""

    pair: Pair
    occurred_at: datetime


Event = FollowCreated | FollowDeleted
