"""What is kept of answers and profiles, and what says how long it is good."""

from collections.abc import Callable
from dataclasses import dataclass

from service_kit.runtime import Background

from api_gateway.adapters.grpc.changes import GrpcPostChanges, GrpcUserChanges, follow
from api_gateway.adapters.grpc.known_authors import KnownAuthors
from api_gateway.adapters.grpc.users import GrpcUsers
from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.redis.broadcast import RedisBroadcast
from api_gateway.adapters.redis.link import Link
from api_gateway.application.changes import KnownChanges
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.main.peers import Peers


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, and who has written lately."""

    hot: HotReads
    authors: KnownAuthors
    writes: RecentWrites


def begin_keeping(peers: Peers, link: Link, tasks: Background) -> Kept:
    """It follows writes and changes from now on, as tasks of their own."""
    writes = RecentWrites()
    broadcast = RedisBroadcast(link, _heard(writes), writes.hears)
    tasks.start(broadcast.listen(), "writes elsewhere")
    profiles = KnownChanges(GrpcUserChanges(peers.users))
    posts = KnownChanges(GrpcPostChanges(peers.posts))
    tasks.start(follow(profiles, "profiles"), "changes of profiles")
    tasks.start(follow(posts, "posts"), "changes of posts")
    return Kept(
        HotReads(writes, broadcast, changes=(profiles, posts)),
        KnownAuthors(GrpcUsers(peers.users), writes, profiles),
        writes,
    )


def _heard(writes: RecentWrites) -> Callable[[int, bool], None]:
    return lambda user_id, profile: writes.note(user_id, profile=profile)
