"""The tables of auth-service in PostgreSQL."""
