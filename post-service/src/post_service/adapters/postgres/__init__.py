"""Posts in PostgreSQL: one statement a read, one for publishing a post with all its parts."""
