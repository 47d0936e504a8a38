"""Rate limits at the edge: which one a request counts against, and the header fields about it.

Fields after draft-ietf-httpapi-ratelimit-headers (structured: policy, quota, window; what is left).
"""

import ipaddress
from collections.abc import Mapping
from math import ceil
from typing import Final

from service_kit import metrics
from service_kit.errors import ResourceExhausted

from api_gateway.adapters.http.answer import Fields
from api_gateway.adapters.http.call import Call
from api_gateway.application.ports import Limiter
from api_gateway.domain.limit import Limit, Verdict

ANONYMOUS: Final = "anonymous"
USER: Final = "user"
_IPV6_SUBSCRIBER: Final = 64
"""Prefix of IPv6 that one subscriber has (RFC 6177): more addresses are no more callers."""


class RateLimits:
    """The limits of all operations; without a limiter every request passes."""

    def __init__(self, limiter: Limiter | None, limits: Mapping[str, Limit]) -> None:
        """`limits` by scope; `anonymous` and `user` are those of the remaining operations."""
        self._limiter = limiter
        self._limits = limits
        metrics.from_zero(metrics.RATE_LIMITED, {limit.scope for limit in limits.values()})

    async def take(self, call: Call, scope: str | None) -> Fields:
        """Count a request against the limit `scope`, "" for that of its caller, None for none.

        Returns the fields that its answer carries.

        Raises ResourceExhausted, with the same fields in `fields`.
        """
        if self._limiter is None or scope is None:
            return []
        anonymous = call.principal is None
        limit = self._limits[scope or (ANONYMOUS if anonymous else USER)]
        key = network_of(call.address) if call.principal is None else str(call.principal.user_id)
        return fields_of(await _taken(self._limiter, limit, key))

    async def take_of(self, user_id: int) -> None:
        """Count what a user does on a live connection as a request of that user.

        Raises ResourceExhausted.
        """
        if self._limiter is not None:
            await _taken(self._limiter, self._limits[USER], str(user_id))


async def _taken(limiter: Limiter, limit: Limit, key: str) -> Verdict:
    verdict = await limiter.take(limit, key)
    if not verdict.allowed:
        metrics.RATE_LIMITED.labels(limit.scope).inc()
        raise LimitReached(verdict)
    return verdict


class LimitReached(ResourceExhausted):
    """The caller has used up a limit."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(retry_after=verdict.retry_after)
        self.fields = fields_of(verdict)


def fields_of(verdict: Verdict) -> Fields:
    """`RateLimit-Policy` and `RateLimit`."""
    limit = verdict.limit
    policy = f'"{limit.scope}";q={limit.count};w={limit.seconds}'
    state = f'"{limit.scope}";r={verdict.remaining};t={ceil(verdict.reset_after)}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]


def network_of(address: str) -> str:
    """What stands for a client address in a limit: itself, or the network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_SUBSCRIBER), strict=False))
