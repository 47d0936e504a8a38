"""How often a password may be guessed: wrong ones only count, and nobody can lock others out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

MOST_BEYOND: Final = 900.0
"""Seconds that a debt grows beyond what is allowed at once, however much is guessed meanwhile."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many wrong guesses at once, then one each `seconds` (the generic cell rate algorithm)."""

    guesses: int
    seconds: float

    def wait(self, debt: float) -> float:
        """Seconds until the next guess; `debt` is what all guesses so far are still worth."""
        return max(0.0, debt - (self.guesses - 1) * self.seconds)


@dataclass(frozen=True, slots=True)
class Charge:
    """What a wrong guess adds to the debt of a key, in seconds, and how high the debt can get."""

    key: bytes
    seconds: float
    most: float


@dataclass(frozen=True, slots=True)
class Guess:
    """The keys that a guess counts on; digests, as they stand for names and addresses.

    `account` is the login as typed, or a user's id; an unknown account counts like a known one.
    """

    pair: bytes
    address: bytes | None
    account: bytes | None

    @property
    def keys(self) -> Sequence[bytes]:
        """All keys."""
        return [key for key in (self.pair, self.address, self.account) if key is not None]


def login_guess(login: str, address: str) -> Guess:
    """A guess at the password of `login` from `address`.

    Logins by which user-service finds one account are one here: to it the lower case of "\u0130" is
    an "i", Python's has a dot of its own.
    """
    account, network = login.casefold().replace("i\u0307", "i"), _network(address)
    return Guess(_key("pair", account, network), _key("address", network), _key("account", account))


def change_guess(user_id: int) -> Guess:
    """A guess at the old password by somebody who holds a token of the account."""
    return Guess(_key("change", str(user_id)), None, None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Guesses per account and address, per address, and per account from everywhere.

    An account under attack from many addresses is not closed, which would lock its owner out: each
    address gets fewer guesses at it (`under_attack`).
    """

    pair: Allowance
    under_attack: Allowance
    address: Allowance
    account: Allowance

    def wait(self, guess: Guess, debts: Mapping[bytes, float]) -> float:
        """Seconds until this guess may be made, by what its keys owe; 0 is now."""
        is_attacked = guess.account is not None and self.account.wait(debts.get(guess.account, 0.0))
        pair = self.under_attack if is_attacked else self.pair
        waits = [pair.wait(debts.get(guess.pair, 0.0))]
        if guess.address is not None:
            waits.append(self.address.wait(debts.get(guess.address, 0.0)))
        return max(waits)

    def charges(self, guess: Guess) -> list[Charge]:
        """What the guess costs if it is wrong, in the order of the keys."""
        costs = (
            (guess.pair, self.pair),
            (guess.address, self.address),
            (guess.account, self.account),
        )
        return sorted(
            (
                Charge(key, cost.seconds, cost.guesses * cost.seconds + MOST_BEYOND)
                for key, cost in costs
                if key is not None
            ),
            key=lambda charge: charge.key,
        )


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _network(address: str) -> str:
    """An IPv6 host owns its /64, so that is what counts."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else parsed)
