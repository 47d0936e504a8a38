"""What a notification is, and what becomes of it."""
