"""Alembic's entry, as every service has it."""

from service_kit.migrations import run_migrations

run_migrations()
