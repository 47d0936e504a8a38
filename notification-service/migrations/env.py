"""Alembic's entry; the work is in the chassis."""

from service_kit.migrations import run_migrations

run_migrations()
