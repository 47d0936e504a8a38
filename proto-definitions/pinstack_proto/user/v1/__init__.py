"""Profiles. Version 1."""
