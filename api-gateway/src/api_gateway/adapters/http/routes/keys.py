"""The public keys that verify access tokens, for whoever verifies them too (RFC 7517)."""

from typing import Any, Final

import orjson
from pydantic import BaseModel

from api_gateway.adapters.http.answer import Answer
from api_gateway.adapters.http.operations import Access, Success, operation
from api_gateway.application.ports import Keys


class KeySetData(BaseModel):
    """A JSON Web Key set."""

    keys: list[dict[str, Any]]


_EXAMPLE: Final = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "alg": "EdDSA", "x": "…"}]}


class KeyRoutes:
    """The key set at its well-known place."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @operation(
        "GET",
        "/.well-known/jwks.json",
        "getKeySet",
        "The keys that verify access tokens",
        access=Access.OPEN,
        success=Success(200, KeySetData, _EXAMPLE, bare="application/json"),
        prefix="",
    )
    async def key_set(self) -> Answer:
        """The coming key and the retiring one included; outside the envelope."""
        keys = [
            {**key.jwk, "kid": key.kid, "alg": key.algorithm, "use": "sig"}
            for key in await self._keys.current()
        ]
        return Answer(200, orjson.dumps({"keys": keys}), cache_control="public, max-age=300")
