"""What knows who is calling."""

from dataclasses import dataclass

from service_kit.runtime import Background

from api_gateway.adapters.grpc.auth import GrpcKeys, GrpcRevocationLog
from api_gateway.adapters.redis.link import Link
from api_gateway.adapters.redis.tickets import RedisTickets
from api_gateway.adapters.tokens.keys import KnownKeys
from api_gateway.adapters.tokens.revocations import WatchedRevocations
from api_gateway.adapters.tokens.tickets import LivingTickets
from api_gateway.adapters.tokens.verifier import JwtTokens
from api_gateway.config import Settings
from api_gateway.main.peers import Peers


@dataclass(frozen=True, slots=True)
class Trust:
    """What knows who is calling."""

    keys: KnownKeys
    revocations: WatchedRevocations
    tokens: JwtTokens
    tickets: LivingTickets


def begin_trust(settings: Settings, peers: Peers, link: Link, tasks: Background) -> Trust:
    """It follows keys and revocations from now on, as tasks of their own."""
    keys = KnownKeys(GrpcKeys(peers.auth))
    revocations = WatchedRevocations(GrpcRevocationLog(peers.auth))
    tasks.start(keys.refresh(), "key set")
    tasks.start(revocations.follow(), "revocations")
    tokens = JwtTokens(keys, revocations, settings.tokens.issuer, settings.tokens.audience)
    return Trust(keys, revocations, tokens, LivingTickets(RedisTickets(link), revocations))
