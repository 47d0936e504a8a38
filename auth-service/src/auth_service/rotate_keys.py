"""Publish a new signing key, which every replica signs with once its lead is over."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta

from service_kit import logs
from service_kit.config import load
from service_kit.database import open_database

from auth_service.config import Settings
from auth_service.domain.models import SigningKey
from auth_service.main import NAME, key_set


async def rotated(settings: Settings, lead_seconds: float) -> SigningKey:
    """The new key; the others verify until the last token of theirs has expired."""
    url = settings.database_url.get_secret_value()
    async with open_database(url, settings.postgres, NAME) as database:
        life = settings.sessions.lives.access_token
        return await key_set(settings, database).rotate(timedelta(seconds=lead_seconds), life)


def main(arguments: Sequence[str] | None = None) -> int:
    """`[--lead-seconds N]`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m auth_service.rotate_keys", description=__doc__)
    parser.add_argument(
        "--lead-seconds", type=float, metavar="N", help="default: AUTH_KEY_LEAD_SECONDS"
    )
    chosen = parser.parse_args(arguments)
    settings = load(Settings)
    logs.configure(NAME, "WARNING")
    lead = settings.key_lead_seconds if chosen.lead_seconds is None else chosen.lead_seconds
    key = asyncio.run(rotated(settings, lead))
    print(f"signing key {key.kid} is published and signs from {key.active_from:%FT%TZ}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
