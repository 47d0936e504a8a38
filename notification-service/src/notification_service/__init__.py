"""Inbox, unread counts and live delivery."""
