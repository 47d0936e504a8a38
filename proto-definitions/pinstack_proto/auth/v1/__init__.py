"""Credentials, sessions and tokens. Version 1."""
