"""Refresh tokens themselves."""

import base64

from auth_service.domain.refresh_tokens import RefreshTokens

TOKENS = RefreshTokens(b"a key")


def test_a_token_has_256_bits_and_never_comes_twice() -> None:
    made = {TOKENS.first() for _ in range(100)}
    assert len(made) == 100
    for token in (*made, TOKENS.successor("x")):
        assert len(base64.urlsafe_b64decode(token + "=")) == 32


def test_a_successor_is_the_same_on_every_replica_and_needs_the_key() -> None:
    token = TOKENS.first()
    assert TOKENS.successor(token) == RefreshTokens(b"a key").successor(token)
    assert TOKENS.successor(token) != RefreshTokens(b"another key").successor(token)
    assert TOKENS.successor(TOKENS.successor(token)) != TOKENS.successor(token)


def test_the_digest_is_not_the_token() -> None:
    token = TOKENS.first()
    assert token.encode() not in TOKENS.digest(token)
    assert TOKENS.digest(token) == TOKENS.digest(token)
