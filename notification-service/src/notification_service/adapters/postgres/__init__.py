"""Inboxes in PostgreSQL: reading them, and the transactions that change them."""
