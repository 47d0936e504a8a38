"""Inboxes and live delivery. Version 1."""
