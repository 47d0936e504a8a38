"""Posts, tags and media."""
