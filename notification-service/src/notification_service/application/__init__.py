"""What the service can do, and what it needs for that."""
