"""Inboxes and live delivery."""
