"""Credentials, sessions and tokens, and their rules."""
