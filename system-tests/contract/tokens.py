"""Tokens that are no good any more, or never were."""

import time
from dataclasses import dataclass
from typing import Final

import grpc
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pinstack_local.stack import Stack
from pinstack_proto.auth.v1 import auth_pb2

from contract.gateways import AUTH, beside

_SHORTEST_SECONDS: Final = 30
_SECONDS: Final = 10


@dataclass(frozen=True)
class ShortLived:
    """A genuine access token."""

    token: str
    expires_at: float

    def is_over(self) -> bool:
        """Whether it has expired."""
        return time.time() > self.expires_at


def short_lived(stack: Stack) -> ShortLived:
    """A token from an auth-service that gives them the shortest life there is."""
    request = auth_pb2.RegisterRequest(
        username="late", email="late@example.com", password="too late for that"
    )
    with (
        beside(stack, AUTH, "hasty", AUTH_ACCESS_TOKEN_SECONDS=str(_SHORTEST_SECONDS)) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        register = channel.unary_unary(
            "/auth.v1.AuthService/Register",
            request_serializer=auth_pb2.RegisterRequest.SerializeToString,
            response_deserializer=auth_pb2.TokenPair.FromString,
        )
        pair = register(request, timeout=_SECONDS)
    claims = jwt.decode(pair.access_token, options={"verify_signature": False})
    return ShortLived(pair.access_token, claims["exp"])


def foreign(token: str) -> str:
    """The same claims and key id, signed with somebody else's key."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    key = ec.generate_private_key(ec.SECP256R1())
    named = {name: header[name] for name in ("kid", "typ")}
    return jwt.encode(claims, key, algorithm="ES256", headers=named)
