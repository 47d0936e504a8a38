"""Where a request really comes from, through the proxies that are trusted to say so."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.types import Scope

Network = IPv4Network | IPv6Network


class ClientAddresses:
    """Reads X-Forwarded-For only where the peer is in one of the trusted networks."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, scope: Scope, forwarded_for: str | None) -> str:
        """The nearest address that no trusted proxy has; the peer's where nothing is trusted."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        if not self._trusted or not forwarded_for or not self._is_trusted(peer):
            return peer
        nearest = peer
        for entry in reversed(forwarded_for.split(",")):
            address = entry.strip()
            if _parse(address) is None:
                break
            nearest = address
            if not self._is_trusted(address):
                break
        return nearest

    def _is_trusted(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


@lru_cache(maxsize=4096)
def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
