"""Credentials, sessions, tokens and signing keys."""
