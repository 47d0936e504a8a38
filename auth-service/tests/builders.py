"""What tests begin with."""

from datetime import timedelta
from uuid import uuid4

from auth_service.config import HashSettings
from auth_service.domain.models import Client, Lives, NewAccount, Profile, Registration
from auth_service.domain.throttle import Allowance, Limits

PASSWORD = "secure123"
CLIENT = Client("a browser", "192.0.2.1")
LIVES = Lives(
    access_token=timedelta(minutes=15),
    refresh_token=timedelta(days=30),
    grace=timedelta(seconds=20),
    session=timedelta(days=180),
)
LIMITS = Limits(
    pair=Allowance(5, 30.0),
    under_attack=Allowance(2, 30.0),
    address=Allowance(12, 2.0),
    account=Allowance(15, 10.0),
)


def profile(name: str = "ann") -> Profile:
    """Somebody."""
    return Profile(name, f"{name}@example.com", full_name=name.title())


def account(name: str = "ann", password: str = PASSWORD, key: str | None = None) -> NewAccount:
    """What somebody signs up with."""
    return NewAccount(profile(name), password, key)


def registration(name: str = "ann", key: str | None = None) -> Registration:
    """A pending registration."""
    return Registration(uuid4(), profile(name), f"p1:{PASSWORD}", key)


def cheap_hashes(memory_kib: int = 8) -> HashSettings:
    """Parameters that no settings would take, for tests that hash a lot."""
    return HashSettings.model_construct(
        memory_kib=memory_kib, time_cost=1, parallelism=1, threads=2, queue=64
    )
