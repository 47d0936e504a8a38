"""Profiles, lookups and search."""
