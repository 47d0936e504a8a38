"""Idempotency-Key: the first answer to a POST is kept and given again to the same request."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from service_kit.errors import FieldViolation, InvalidArgument

from api_gateway.adapters.http.answer import Answer
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from api_gateway.application.ports import IdempotencyKeys, InFlight, StoredAnswer

FIELD: Final = "idempotency-key"
REPLAYED: Final = "idempotent-replayed"
MAX_KEY: Final = 255


class Idempotency:
    """Answers each key of a caller once.

    Bodies are compared by their HMAC with `secret`, as there are passwords among them: a plain hash
    of one would let whoever reads Redis try passwords as fast as a hash is made.
    """

    def __init__(self, keys: IdempotencyKeys, secret: bytes) -> None:
        self._keys = keys
        self._secret = hmac.digest(secret, b"idempotency", hashlib.sha256)

    async def once(
        self, call: Call, template: str, body: bytes, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer of `work`, or the one that the same key got before.

        A failure of ours (5xx) and a limit (429) are not kept: the client may try again.
        Raises IdempotencyKeyInUse, IdempotencyKeyReused; InvalidArgument for a bad key.
        """
        given = call.field(FIELD)
        if given is None:
            return await work()
        key, fingerprint = _key(call, given), self._fingerprint(template, body)
        known = await self._keys.begin(key)
        if isinstance(known, InFlight):
            raise IdempotencyKeyInUse(retry_after=1)
        if isinstance(known, StoredAnswer):
            return _replayed(known, fingerprint)
        return await self._first(key, known, fingerprint, work)

    async def _first(
        self, key: str, lease: str, fingerprint: str, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        kept = False
        try:
            answer = await work()
            if answer.status < 500 and answer.status != 429:
                await self._keys.finish(key, lease, _stored(answer, fingerprint))
                kept = True
        finally:
            if not kept:
                await self._keys.abandon(key, lease)
        return answer

    def _fingerprint(self, template: str, body: bytes) -> str:
        return hmac.digest(self._secret, template.encode() + b"\0" + body, hashlib.sha256).hex()


def _key(call: Call, given: str) -> str:
    if not given.strip(" \t") or len(given) > MAX_KEY:
        raise InvalidArgument(
            violations=[FieldViolation("Idempotency-Key", f"must have 1–{MAX_KEY} characters")]
        )
    digest = hashlib.sha256(given.encode("latin-1")).hexdigest()
    return f"{call.caller.user_id}:{digest}"


def _stored(answer: Answer, fingerprint: str) -> StoredAnswer:
    fields = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.fields
    )
    return StoredAnswer(fingerprint, answer.status, fields, answer.body)


def _replayed(known: StoredAnswer, fingerprint: str) -> Answer:
    if known.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    answer = Answer(known.status, known.body)
    for name, value in known.headers:
        answer.add(name, value)
    return answer.add(REPLAYED, "true")
